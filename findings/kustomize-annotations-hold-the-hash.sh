#!/usr/bin/env bash
# A patch that takes the annotations of a generated ConfigMap takes the hash off its name, too.
#
# Tool: kustomize v5.8.2, built with `go install`.
# Guess: a strategic merge patch with `annotations: null`, or `$patch: replace` there, changes the
# annotations and nothing else.
# Seen: while it builds, kustomize keeps among the annotations that a name is to get a hash, the names
# that an object had, and its prefixes. Such a patch takes all of it: the ConfigMap comes out without
# the hash, references to it keep the name that it had first, which nobody has now, and a patch in a
# layer above that names it as before finds nothing. A JSON patch that replaces the annotations does
# not: there the notes are put back.
#
# Needs Go and the network. Ends with 1 if kustomize does something else.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
GOBIN=$folder go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.2

mkdir base null replace json above
cat > base/kustomization.yaml <<'YAML'
namePrefix: shop-
configMapGenerator:
- name: settings
  literals: [level=info]
  options: {annotations: {owner: blue}}
resources: [web.yaml]
YAML
cat > base/web.yaml <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {volumes: [{name: settings, configMap: {name: settings}}]}
YAML
cat > null/kustomization.yaml <<'YAML'
resources: [../base]
patches:
- patch: |
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: settings, annotations: null}
YAML
cat > replace/kustomization.yaml <<'YAML'
resources: [../base]
patches:
- patch: |
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: settings, annotations: {$patch: replace, owner: green}}
YAML
cat > json/kustomization.yaml <<'YAML'
resources: [../base]
patches:
- target: {kind: ConfigMap, name: settings}
  patch: |
    - {op: replace, path: /metadata/annotations, value: {owner: green}}
YAML
cat > above/kustomization.yaml <<'YAML'
resources: [../null]
patches:
- patch: |
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: settings}
    data: {level: debug}
YAML
for one in base null replace json; do
  ./kustomize build "$one" > "$one.yaml"
  echo "$one: $(grep '^  name: shop-settings' "$one.yaml"), referred to as $(grep '^      name:' "$one.yaml")"
done
grep -qx '  name: shop-settings-[a-z0-9]*' base.yaml
grep -qx '  name: shop-settings' null.yaml
grep -qx '      name: settings' null.yaml
grep -qx '  name: shop-settings' replace.yaml
grep -qx '  name: shop-settings-[a-z0-9]*' json.yaml
if ./kustomize build above 2> above.log; then exit 1; fi
echo "above: $(tail -n 1 above.log)"
grep -q 'no matches for Id ConfigMap.v1.\[noGrp\]/settings' above.log
