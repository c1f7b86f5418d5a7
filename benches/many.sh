#!/usr/bin/env bash
# What many environments and a large repository cost: processor time of `render --all`, `check` and `affected`.
#
#   benches/many.sh [KUSTOM]        KUSTOM is target/release/kustom unless given
#
# One thread; each figure is user and system time of one run. The trees are made in a temporary folder: environments
# of one base with a patch and a generator each, and one repository with 100,000 files besides.
set -euo pipefail
cd "$(dirname "$0")/.."
kustom=$(realpath "${1:-target/release/kustom}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export RAYON_NUM_THREADS=1

# lay_out DIR ENVIRONMENTS FILES
lay_out() {
  local root=$1 number directory
  mkdir -p "$root/base"
  cd "$root"
  echo '{}' >kustom.yaml
  echo 'resources: [app.yaml]' >base/kustomization.yaml
  cat >base/app.yaml <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app
spec:
  selector:
    matchLabels:
      app: app
  template:
    metadata:
      labels:
        app: app
    spec:
      containers:
      - name: app
        image: registry.example.com/app:v1
---
apiVersion: v1
kind: Service
metadata:
  name: app
spec:
  selector:
    app: app
YAML
  for ((number = 0; number < $2; number++)); do
    directory=environments/env$number
    mkdir -p "$directory"
    printf '%s\n' "namespace: env$number" 'resources: [../../base]' \
      'configMapGenerator: [{name: settings, files: [settings.yaml]}]' \
      'patches: [{path: patch.yaml, target: {kind: Deployment}}]' >"$directory/kustomization.yaml"
    echo "number: $number" >"$directory/settings.yaml"
    echo '- {op: add, path: /spec/revisionHistoryLimit, value: 3}' >"$directory/patch.yaml"
  done
  for ((number = 0; number < $3; number++)); do
    directory=other/$((number / 100))
    [ $((number % 100)) = 0 ] && mkdir -p "$directory"
    echo "$number" >"$directory/$number.txt"
  done
  git init -q
  git add -A
  git -c gc.auto=0 -c user.name=bench -c user.email=bench@example.com commit -qm one
  cd - >/dev/null
}

# seconds DIR WORDS...
seconds() {
  local root=$1 TIMEFORMAT='%U %S'
  shift
  cd "$root"
  { time "$kustom" "$@" >/dev/null 2>&1; } 2>&1 | awk '{printf "%.2f", $1 + $2}'
  cd - >/dev/null
}

echo '| environments | other files | `render --all -o DIR`, s | `check`, s | `affected --base HEAD`, s |'
echo '|---|---|---|---|---|'
for size in '200 0' '200 100000' '500 0' '4000 0'; do
  read -r environments files <<<"$size"
  root=$work/$environments-$files
  lay_out "$root" "$environments" "$files"
  echo "| $environments | $files | $(seconds "$root" render --all -o "$work/out-$environments-$files") |" \
    "$(seconds "$root" check) | $(seconds "$root" affected --base HEAD) |"
done
