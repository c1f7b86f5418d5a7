#!/usr/bin/env bash
# A patch of a template's label changes the selector and the labels of the object, too.
#
# Tool: kustomize v5.8.2, built with `go install`.
# Guess: a strategic merge patch changes the fields that it names, and `labels` without
# `includeSelectors` leaves selectors alone, as its documentation says.
# Seen: entries that one `labels` (`commonLabels`, `commonAnnotations`) has added in several maps of an
# object are one node for kustomize. A later strategic merge patch, a replacement, or `labels`
# without selectors that sets one of them sets all: here a selector, which no server lets anybody
# change. A JSON patch, whatever it changes, parts them.
#
# Needs Go and the network. Ends with 1 if kustomize does something else.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
GOBIN=$folder go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.2

mkdir base labels patch parted
cat > base/shop.yaml <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  selector:
    matchLabels:
      app: shop
  template:
    metadata:
      labels:
        app: shop
YAML
cat > base/kustomization.yaml <<'YAML'
resources: [shop.yaml]
labels:
- pairs: {owner: blue}
  includeSelectors: true
YAML
cat > labels/kustomization.yaml <<'YAML'
resources: [../base]
labels:
- pairs: {owner: green}
YAML
cat > patch/kustomization.yaml <<'YAML'
resources: [../base]
patches:
- patch: |
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: shop}
    spec: {template: {metadata: {labels: {owner: green}}}}
YAML
cat > parted/kustomization.yaml <<'YAML'
resources: [../base]
patches:
- target: {kind: Deployment}
  patch: |
    - {op: add, path: /spec/paused, value: true}
labels:
- pairs: {owner: green}
YAML
for one in labels patch parted; do
  ./kustomize build "$one" > "$one.yaml"
  echo "$one:"
  grep owner "$one.yaml"
done
[ "$(grep -c 'owner: green' labels.yaml)" = 3 ]
[ "$(grep -c 'owner: green' patch.yaml)" = 3 ]
[ "$(grep -c 'owner: green' parted.yaml)" = 1 ]
[ "$(grep -c 'owner: blue' parted.yaml)" = 2 ]
