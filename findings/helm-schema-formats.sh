#!/usr/bin/env bash
# Helm checks `format` in values.schema.json only where the schema names an old draft.
#
# Tools: helm v3.22.0 (helm.sh/helm/v3) and v4.3.2 (helm.sh/helm/v4), built with `go install`.
# Guess: `"format": "ipv4"` refuses `nonsense`, or it never does; `$schema` only says which words a
# schema may use.
# Seen: with `"$schema": "http://json-schema.org/draft-07/schema#"` the value is refused. Without
# `$schema`, and with that of draft 2020-12, which Helm then takes, it is accepted without a word.
#
# Needs Go and the network. Ends with 1 if helm does something else.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir three four
GOBIN=$folder/three go install helm.sh/helm/v3/cmd/helm@v3.22.0
GOBIN=$folder/four go install helm.sh/helm/v4/cmd/helm@v4.3.2

mkdir -p chart/templates
printf 'apiVersion: v2\nname: chart\nversion: 0.1.0\n' > chart/Chart.yaml
printf 'address: nonsense\n' > chart/values.yaml
cat > chart/templates/site.yaml <<'YAML'
apiVersion: v1
kind: ConfigMap
metadata:
  name: site
data:
  address: {{ .Values.address | quote }}
YAML

verdict() {
  printf '{%s "properties": {"address": {"type": "string", "format": "ipv4"}}}\n' "$2" > chart/values.schema.json
  if "$1/helm" template site chart > output 2>&1; then
    grep -q 'address: "nonsense"' output
    echo accepted
  else
    grep -q "not valid ipv4" output
    echo refused
  fi
}

for helm in three four; do
  echo "$helm: draft 7: $(verdict $helm '"$schema": "http://json-schema.org/draft-07/schema#",')"
  echo "$helm: draft 2020-12: $(verdict $helm '"$schema": "https://json-schema.org/draft/2020-12/schema",')"
  echo "$helm: no draft: $(verdict $helm '')"
done | tee seen
diff - seen <<'SEEN'
three: draft 7: refused
three: draft 2020-12: accepted
three: no draft: accepted
four: draft 7: refused
four: draft 2020-12: accepted
four: no draft: accepted
SEEN
