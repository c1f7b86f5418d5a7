#!/usr/bin/env bash
# A StorageClass with an empty term in `allowedTopologies` is refused as a duplicate, though the term
# is the only one.
#
# Library: k8s.io/kubernetes 1.37.2, the validation that the API server runs.
# Guess: a term without expressions is accepted, and matches everywhere; or it is refused because
# `matchLabelExpressions` is required.
# Seen: "allowedTopologies[0].matchLabelExpressions: Duplicate value". The list that terms are compared
# with begins with as many empty ones as there are terms.
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

	core "k8s.io/kubernetes/pkg/apis/core"
	"k8s.io/kubernetes/pkg/apis/storage"
	"k8s.io/kubernetes/pkg/apis/storage/validation"
)

func main() {
	zone := core.TopologySelectorLabelRequirement{Key: "zone", Values: []string{"a"}}
	full := core.TopologySelectorTerm{MatchLabelExpressions: []core.TopologySelectorLabelRequirement{zone}}
	empty := core.TopologySelectorTerm{}
	for _, terms := range [][]core.TopologySelectorTerm{{full}, {empty}, {full, empty}} {
		policy, mode := core.PersistentVolumeReclaimDelete, storage.VolumeBindingImmediate
		class := &storage.StorageClass{
			Provisioner:       "csi.example.org",
			ReclaimPolicy:     &policy,
			VolumeBindingMode: &mode,
			AllowedTopologies: terms,
		}
		class.Name = "fast"
		fmt.Println(len(terms))
		for _, found := range validation.ValidateStorageClass(class) {
			fmt.Println(found.Field, found.Type)
		}
	}
}
GO
found=$(go run . 2>/dev/null)
echo "kubernetes $(go list -m -f '{{.Version}}' k8s.io/kubernetes)"
echo "$found"
wanted='1
1
allowedTopologies[0].matchLabelExpressions Duplicate value
2
allowedTopologies[1].matchLabelExpressions Duplicate value
allowedTopologies[1].matchLabelExpressions Duplicate value'
if [ "$found" = "$wanted" ]; then
  echo "as described"
else
  echo "not as described any more"
  exit 1
fi
