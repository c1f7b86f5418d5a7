#!/usr/bin/env bash
# Processor time of `kustom validate` and of kubeconform, over the same objects, offline.
# Wants go, pip and unzip; installs kubeconform and its schemas in a temporary folder.
#   benches/validate.sh [KUSTOM]     KUSTOM is target/release/kustom unless given
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
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
cargo run --locked --quiet --manifest-path "$here/Cargo.toml" -p xtask -- inputs "$work/inputs"
mv "$work/inputs/manifests-10000" objects

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
