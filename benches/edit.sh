#!/usr/bin/env bash
# `kustomize edit set image` as a process: kustom under that name, beside kustomize.
#
#   benches/edit.sh [KUSTOM]
#
# For the other side it wants kustomize on the PATH. Each run edits a fresh file of the size
# that pipelines edit; the medians are in milliseconds, what counts is their ratio.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/.."
kustom=${1:-}
if [ -z "$kustom" ]; then
  cargo build --locked --release --quiet
  kustom=${CARGO_TARGET_DIR:-target}/release/kustom
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/app"
ln -s "$(realpath "$kustom")" "$scratch/kustomize"

cat >"$scratch/before" <<'END'
# the shop, in production
resources:
- ../../base
- ingress.yaml   # ours

namespace: shop
images:
- name: registry.example.com/shop/web   # the front
  newTag: v1
- name: registry.example.com/shop/api
  newTag: v1
patches:
- path: replicas.yaml
configMapGenerator:
- name: settings
  literals:
  - MODE=production
END

# median PROGRAM: milliseconds of one edit.
median() {
  local run start end
  for run in $(seq 41); do
    cp "$scratch/before" "$scratch/app/kustomization.yaml"
    start=$EPOCHREALTIME
    (cd "$scratch/app" && exec "$1" edit set image "registry.example.com/shop/web:v$run")
    end=$EPOCHREALTIME
    echo $((${end/./} - ${start/./}))
  done | sort -n | awk 'NR == 21 {printf "%.1f", $1 / 1000}'
}

# What a process costs that does nothing.
floor=$(median /bin/true)
ours=$(median "$scratch/kustomize")
echo "| | ms |"
echo "|---|---|"
echo "| a process that does nothing | $floor |"
echo "| kustom | $ours |"
if kustomize=$(command -v kustomize); then
  theirs=$(median "$kustomize")
  echo "| kustomize | $theirs |"
  echo "| ratio | $(awk -v a="$theirs" -v b="$ours" 'BEGIN {printf "%.0f", a / b}') |"
fi
