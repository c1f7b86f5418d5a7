#!/usr/bin/env bash
# Helm 4 drops keys that a chart's own values.yaml sets to null; Helm 3 keeps them.
#
# Tools: helm v3.22.0 (helm.sh/helm/v3) and v4.3.2 (helm.sh/helm/v4), built with `go install`.
# Guess: a null in the user's values removes a default of the chart; a null among the defaults is a
# value, so that `hasKey` finds it and a schema may require the key and allow null.
# Seen: so it is in Helm 3. In Helm 4 the key is gone: the template takes another branch, and a chart
# whose schema requires the key is refused with its own defaults.
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
printf 'replicas: null\nautoscaling:\n  target: null\n' > chart/values.yaml
cat > chart/templates/site.yaml <<'YAML'
apiVersion: v1
kind: ConfigMap
metadata:
  name: site
data:
  replicas: {{ hasKey .Values "replicas" | quote }}
  values: {{ omit .Values "global" | toJson | quote }}
YAML
./three/helm template site chart | tee three.yaml
./four/helm template site chart | tee four.yaml
grep -qx '  replicas: "true"' three.yaml
grep -qx '  replicas: "false"' four.yaml
grep -qF '"{\"autoscaling\":{\"target\":null},\"replicas\":null}"' three.yaml
grep -qF '"{\"autoscaling\":{}}"' four.yaml

printf '{"required": ["replicas"], "properties": {"replicas": {"type": ["integer", "null"]}}}\n' > chart/values.schema.json
./three/helm template site chart > /dev/null
if refused=$(./four/helm template site chart 2>&1); then
  exit 1
fi
echo "$refused"
echo "$refused" | grep -q "missing property 'replicas'"
