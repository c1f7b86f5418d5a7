#!/usr/bin/env bash
# A comment behind a key of a patch makes the build fail where the base is written in braces.
#
# Tool: kustomize v5.8.2, built with `go install`.
# Guess: comments mean nothing.
# Seen: a strategic merge patch carries the comment behind `limits:` into the base. What comes of it is
# printed in the base's style, `{limits:, # why` and the value on the next line, and read again: the
# value is a key of its own now, and kustomize fails with `invalid map key`. Without the comment, or
# with a base in block style, it builds.
#
# Needs Go and the network. Ends with 1 if kustomize does something else.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
GOBIN=$folder go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.2

mkdir braces block plain
cat > braces/web.yaml <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {spec: {containers: [{name: web, image: nginx}]}}}
YAML
cat > block/web.yaml <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: web
        image: nginx
YAML
cp braces/web.yaml plain/web.yaml
for one in braces block plain; do
  cat > "$one/kustomization.yaml" <<'YAML'
resources: [web.yaml]
patches: [{path: patch.yaml}]
YAML
  cat > "$one/patch.yaml" <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: web
        resources:
          limits: # the nodes are small
            cpu: 1
YAML
done
sed -i.old 's/ # the nodes are small//' plain/patch.yaml

./kustomize build block > block.yaml
./kustomize build plain > plain.yaml
cmp block.yaml plain.yaml
echo "block style, or without the comment: builds"
if ./kustomize build braces 2> braces.log; then exit 1; fi
echo "in braces: $(grep -o 'yaml: invalid map key.*' braces.log)"
grep -q 'yaml: invalid map key' braces.log
