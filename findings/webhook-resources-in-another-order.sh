#!/usr/bin/env bash
# A webhook's rule with `resources: ["*", "pods"]` is refused; with `["pods", "*"]` it is accepted.
#
# Library: k8s.io/kubernetes 1.37.2, the validation that the API server runs.
# Guess: `*` beside a resource by name is refused, in any order, as the message has it: "if '*' is
# present, must not specify other resources without subresources".
# Seen: of the entries without a subresource only the last one counts. If that is the `*`, the rule
# is accepted, whatever names come before. A tool that sorts such a list (`*` sorts before letters)
# turns a configuration that the server accepts into one that it refuses.
#
# Needs Go and the network, and some minutes. Ends with 1 if the server does something else.
set -euo pipefail

folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
export GOMODCACHE=$folder/modules GOFLAGS=-mod=mod

{
  printf 'module example.org/finding\n\ngo 1.24\n\nrequire k8s.io/kubernetes v1.37.2\n'
  # Kubernetes names its staging modules by a version that is not published.
  for module in api apiextensions-apiserver apimachinery apiserver cli-runtime client-go \
    cloud-provider cluster-bootstrap code-generator component-base component-helpers \
    controller-manager cri-api cri-client cri-streaming csi-translation-lib \
    dynamic-resource-allocation endpointslice externaljwt kms kube-aggregator \
    kube-controller-manager kube-proxy kube-scheduler kubectl kubelet metrics mount-utils \
    pod-security-admission sample-apiserver streaming; do
    printf 'replace k8s.io/%s => k8s.io/%s v0.37.2\n' "$module" "$module"
  done
} > go.mod
cat > main.go <<'GO'
package main

import (
	"fmt"

	reg "k8s.io/kubernetes/pkg/apis/admissionregistration"
	"k8s.io/kubernetes/pkg/apis/admissionregistration/validation"
)

func main() {
	for _, resources := range [][]string{{"*", "pods"}, {"pods", "*"}, {"pods", "*", "nodes"}, {"pods", "nodes", "*"}} {
		url, none, exact := "https://hook.example/", reg.SideEffectClassNone, reg.Exact
		fail, seconds := reg.Fail, int32(10)
		scope := reg.AllScopes
		hook := &reg.ValidatingWebhookConfiguration{}
		hook.Name = "hook"
		hook.Webhooks = []reg.ValidatingWebhook{{
			Name:                    "pods.hook.example",
			ClientConfig:            reg.WebhookClientConfig{URL: &url},
			SideEffects:             &none,
			MatchPolicy:             &exact,
			FailurePolicy:           &fail,
			TimeoutSeconds:          &seconds,
			AdmissionReviewVersions: []string{"v1"},
			Rules: []reg.RuleWithOperations{{
				Operations: []reg.OperationType{reg.Create},
				Rule:       reg.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: resources, Scope: &scope},
			}},
		}}
		errors := validation.ValidateValidatingWebhookConfiguration(hook)
		fmt.Printf("%q: accepted %v\n", resources, len(errors) == 0)
	}
}
GO
found=$(go run . 2>/dev/null)
echo "kubernetes $(go list -m -f '{{.Version}}' k8s.io/kubernetes)"
echo "$found"
wanted='["*" "pods"]: accepted false
["pods" "*"]: accepted true
["pods" "*" "nodes"]: accepted false
["pods" "nodes" "*"]: accepted true'
if [ "$found" = "$wanted" ]; then
  echo "as described"
else
  echo "not as described any more"
  exit 1
fi
