#!/usr/bin/env bash
# `kustom secrets check --history` and gitleaks over whole histories, beside each other.
#
#   benches/history.sh KUSTOM [REPOSITORY...]
#
# REPOSITORY is a directory, or an address that can be cloned; without any, those below are. Wants
# gitleaks. Both get one thread; figures are processor time, user and system, with that of the `git`
# that gitleaks runs: the least of three runs, one of gitleaks.
set -euo pipefail
kustom=$(realpath "${1:?usage: benches/history.sh KUSTOM [REPOSITORY...]}")
shift
if [ $# = 0 ]; then
  set -- https://github.com/fluxcd/flux2 https://github.com/billimek/k8s-gitops \
    https://github.com/onedr0p/home-ops https://github.com/redhat-appstudio/infra-deployments
fi
gitleaks=$(command -v gitleaks)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export RAYON_NUM_THREADS=1 GOMAXPROCS=1

# seconds RUNS COMMAND...: the least processor time.
seconds() {
  local runs=$1 TIMEFORMAT='%U %S'
  shift
  for ((run = 0; run < runs; run++)); do
    { time "$@" >/dev/null 2>&1 || true; } 2>&1 | awk '{printf "%.2f\n", $1 + $2}'
  done | sort -n | head -1
}

"$kustom" --version
echo "gitleaks $(go version -m "$gitleaks" 2>/dev/null | awk '$1 == "mod" {print $3}')"
echo
echo "| history | commits | contents | gitleaks, s | kustom, s | times less |"
echo "|---|---:|---:|---:|---:|---:|"
for repository in "$@"; do
  clone=$work/$(basename "$repository")
  # A copy of its own, so that nothing is written beside the original.
  git clone -q --bare --no-hardlinks "$repository" "$clone"
  commits=$(git -C "$clone" rev-list --count --all)
  contents=$(git -C "$clone" rev-list --objects --all --filter=object:type=blob --filter-provided-objects | wc -l)
  cd "$clone"
  theirs=$(seconds 1 "$gitleaks" git --no-banner)
  ours=$(seconds 3 "$kustom" secrets check --history)
  cd - >/dev/null
  echo "| $(basename "$repository") | $commits | $contents | $theirs | $ours | $(awk -v a="$theirs" -v b="$ours" 'BEGIN {printf "%.1f", a / b}') |"
  rm -rf "$clone"
done
