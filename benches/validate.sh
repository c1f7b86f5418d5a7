#!/usr/bin/env bash
# Processor time of `kustom validate` and of kubeconform, over the same objects, offline.
# Wants go, pip and unzip; installs kubeconform and its schemas in a temporary folder.
#   benches/validate.sh [KUSTOM]     KUSTOM is target/release/kustom unless given
set -euo pipefail
kustom=$(realpath "${1:-target/release/kustom}")
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"

GOBIN=$work GOFLAGS=-modcacherw go install github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0
pip download -q --no-deps kubernetes-validate==1.37.0
unzip -q kubernetes_validate-*.whl -d wheel
schemas=$(dirname "$(find "$work/wheel" -path '*1.37*strict*' -name pod-v1.json)")
# Its files refer to each other by a path of their author's.
sed -i "s#\"/api/_definitions.json#\"file://$schemas/_definitions.json#" "$schemas"/*.json

# 10,000 objects in 100 files: Deployments, Services, ConfigMaps and Jobs.
mkdir objects
for file in $(seq 100); do
  for number in $(seq 25); do
    name=web-$file-$number
    cat <<END
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: $name, labels: {app: $name}}
spec:
  replicas: 3
  selector: {matchLabels: {app: $name}}
  template:
    metadata: {labels: {app: $name}}
    spec:
      securityContext: {runAsNonRoot: true, runAsUser: 1000}
      containers:
      - name: web
        image: registry.example.org/web:1.2.3
        args: [--port, "8080", --verbose]
        env:
        - {name: LEVEL, value: info}
        - {name: PASSWORD, valueFrom: {secretKeyRef: {name: $name, key: password}}}
        ports: [{name: http, containerPort: 8080}]
        resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 128Mi}}
        readinessProbe: {httpGet: {path: /ready, port: http}, periodSeconds: 5}
        volumeMounts: [{name: config, mountPath: /etc/web}]
      volumes: [{name: config, configMap: {name: $name}}]
---
apiVersion: v1
kind: Service
metadata: {name: $name}
spec: {selector: {app: $name}, ports: [{name: http, port: 80, targetPort: http}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: $name}
data: {level: info, web.yaml: "port: 8080"}
---
apiVersion: batch/v1
kind: Job
metadata: {name: $name}
spec:
  backoffLimit: 2
  template:
    spec:
      restartPolicy: Never
      containers: [{name: job, image: registry.example.org/job:1, command: [run, "$number"]}]
END
  done >"objects/$file.yaml"
done

TIMEFORMAT='%U %S'
# The least of five runs: what is more is somebody else's.
least() {
  for _ in 1 2 3 4 5; do
    { time "$@" >out 2>err; } 2>&1 | awk '{print $1 + $2}'
  done | sort -n | head -1
}
theirs=$(least ./kubeconform -strict -kubernetes-version 1.37.0 \
  -schema-location "$schemas/{{.ResourceKind}}{{.KindSuffix}}.json" -summary objects)
tail -1 out
ours=$(least "$kustom" validate --kubernetes-version 1.37 objects)
cat err
awk -v a="$theirs" -v b="$ours" \
  'BEGIN {printf "kubeconform %.2f s, kustom %.2f s of processor time: %.0f times less\n", a, b, a / b}'
