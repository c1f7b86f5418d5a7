#!/usr/bin/env bash
# A pull request on a GitOps repository: 300 applications on one base, one line of it changed.
#
#   benches/gitops.sh [PROGRAM]
#
# Makes two repositories of the same applications, one for Flux and one for Argo CD, changes the base,
# and takes the time of `kustom diff --against HEAD --format markdown`; beside it, in the same run, one
# `kustomize build` process for each application before the change and after it (`KUSTOMIZE` names the
# program). PROGRAM is the release build if none is named.
set -euo pipefail
cd "$(dirname "$0")/.."
program=${1:-}
if [ -z "$program" ]; then
  cargo build --locked --release --quiet --package kustom
  program=${CARGO_TARGET_DIR:-target}/release/kustom
fi
program=$(realpath "$program")
kustomize=${KUSTOMIZE:-kustomize}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=300

# base/, apps/app-N, and the objects that make environments of them
make_tree() {
  mkdir -p "$1/base" "$1/$2"
  cat >"$1/base/kustomization.yaml" <<'YAML'
resources: [web.yaml]
labels: [{pairs: {team: shop}, includeSelectors: true}]
YAML
  cat >"$1/base/web.yaml" <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  template:
    spec:
      containers:
      - name: web
        image: registry.example.com/web:1.0.0
        ports: [{name: http, containerPort: 8080}]
        envFrom: [{configMapRef: {name: web}}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{name: http, port: 80, targetPort: http}]}
YAML
  for number in $(seq $count); do
    mkdir -p "$1/apps/app-$number"
    cat >"$1/apps/app-$number/kustomization.yaml" <<YAML
namespace: app-$number
resources: [../../base]
configMapGenerator: [{name: web, literals: [name=app-$number]}]
YAML
  done
}
commit() {
  git -C "$1" init --quiet
  git -C "$1" add --all
  git -C "$1" -c user.name=a -c user.email=a@example.com commit --quiet --message all
  sed -i 's/web:1\.0\.0/web:1.1.0/' "$1/base/web.yaml"
}

make_tree "$work/flux" clusters/prod
echo 'flux: [clusters/*]' >"$work/flux/kustom.yaml"
for number in $(seq $count); do
  cat >"$work/flux/clusters/prod/app-$number.yaml" <<YAML
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: app-$number, namespace: flux-system}
spec:
  path: ./apps/app-$number
  sourceRef: {kind: GitRepository, name: flux-system}
  postBuild: {substitute: {app: app-$number}}
YAML
done
commit "$work/flux"

make_tree "$work/argocd" argocd
echo 'argocd: [argocd]' >"$work/argocd/kustom.yaml"
cat >"$work/argocd/argocd/apps.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: apps, namespace: argocd}
spec:
  goTemplate: true
  generators: [{git: {repoURL: x, revision: HEAD, directories: [{path: apps/*}]}}]
  template:
    metadata: {name: '{{.path.basename}}'}
    spec:
      project: default
      source: {repoURL: x, path: '{{.path.path}}'}
      destination: {name: in-cluster, namespace: '{{.path.basename}}'}
YAML
commit "$work/argocd"

seconds() {
  local TIMEFORMAT='%R'
  { time "$@" >/dev/null 2>&1; } 2>&1
}
# The exit code says that there are differences.
comment() {
  "$program" diff --against HEAD --format markdown --directory "$1" >"$work/comment.md" || [ $? = 1 ]
  grep -q "$count" "$work/comment.md"
}
builds() {
  local revision tree
  for revision in HEAD changed; do
    tree=$work/flux
    if [ $revision = HEAD ]; then
      tree=$work/before
      git -C "$work/flux" worktree add --quiet "$tree" HEAD
    fi
    for number in $(seq $count); do
      "$kustomize" build "$tree/apps/app-$number" >/dev/null
    done
  done
}

printf '| what | seconds |\n|---|---|\n'
for kind in flux argocd; do
  best=
  for _ in 1 2 3; do
    took=$(seconds comment "$work/$kind")
    best=$(printf '%s\n%s\n' "${best:-$took}" "$took" | sort -n | head -1)
  done
  comment "$work/$kind"
  printf '| `kustom diff`, %s, best of three (%s bytes) | %s |\n' "$kind" "$(wc -c <"$work/comment.md")" "$best"
done
if command -v "$kustomize" >/dev/null; then
  printf '| `kustomize build`, %s processes | %s |\n' $((2 * count)) "$(seconds builds)"
fi
