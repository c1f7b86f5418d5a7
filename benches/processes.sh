#!/usr/bin/env bash
# Whole processes side by side in one run: kustom and kustomize on the same inputs, as a table.
#
#   benches/processes.sh [ROOTS]
#
# Wants hyperfine, and kustomize v5.8.1 on the PATH for the other side; without it, its columns are
# empty. Peak memory is measured with GNU time. ROOTS is a file with one directory a line: each is
# built by one process, and the processor time is summed. The recorded deployment of a real project
# is measured where it is at hand (../shared/conformance or $CONFORMANCE).
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --locked --release --quiet
kustom=$(realpath "${CARGO_TARGET_DIR:-target}/release/kustom")
kustomize=$(command -v kustomize || true)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cargo run --locked --quiet -p xtask -- inputs "$scratch/in"

# The median in milliseconds of a command line.
median() {
  hyperfine -N --warmup 1 --min-runs "$1" --max-runs 30 --export-csv "$scratch/csv" "$2" \
    >/dev/null 2>&1
  awk -F, 'NR == 2 {printf "%.1f", $4 * 1000}' "$scratch/csv"
}
peak() { /usr/bin/time -f %M -o "$scratch/peak" "$@" >/dev/null 2>&1; awk '{printf "%.0f", $1 / 1024}' "$scratch/peak"; }
# Processor seconds of many processes.
processor() {
  # xargs starts them with little of its own.
  local TIMEFORMAT='%U %S'
  { time xargs -n 1 "$1" build --load-restrictor LoadRestrictionsNone <"$2" >/dev/null 2>&1 || true; } \
    2>"$scratch/times"
  awk '{printf "%.2f", $1 + $2}' "$scratch/times"
}
ratio() { awk -v a="$1" -v b="$2" 'BEGIN {if (a != "" && b > 0) printf "%.0f", a / b}'; }

row() {
  local name=$1 directory=$2 peer=${3:-} ours theirs="" memory theirs_memory=""
  ours=$(median 10 "$kustom build $directory")
  memory=$(peak "$kustom" build "$directory")
  if [ -n "$kustomize" ] && [ "$peer" != alone ]; then
    theirs=$(median 3 "$kustomize build $directory")
    theirs_memory=$(peak "$kustomize" build "$directory")
  fi
  echo "| $name | $theirs | $ours | $(ratio "$theirs" "$ours") | $theirs_memory | $memory |"
}

echo "| input | kustomize, ms | kustom, ms | ratio | kustomize, MB | kustom, MB |"
echo "|---|---|---|---|---|---|"
recorded=${CONFORMANCE:-../shared/conformance}/prow/2026-build/input/overlays/kubevirt-prow-control-plane
if [ -d "$recorded" ]; then row "a real deployment (Prow)" "$recorded"; fi
row "overlay of 100 objects" "$scratch/in/overlay-100/top"
row "overlay of 1,000 objects" "$scratch/in/overlay-1000/top"
row "overlay of 2,000 objects" "$scratch/in/overlay-2000/top"
row "overlay of 20,000 objects" "$scratch/in/overlay-20000/top" alone
row "10 MB of definitions" "$scratch/in/definitions/top"
row "50 overlays on each other" "$scratch/in/chain-50/level49"
echo
echo "start-up (\`kustom --version\`): $(median 30 "$kustom --version") ms"
echo "the example's production: $(median 30 "$kustom render production --secrets placeholder") ms"
if [ -n "${1:-}" ]; then
  ours=$(processor "$kustom" "$1")
  theirs=""
  if [ -n "$kustomize" ]; then theirs=$(processor "$kustomize" "$1"); fi
  echo "$(wc -l <"$1") roots, a process each: kustomize $theirs s, kustom $ours s of processor time, $(ratio "$theirs" "$ours") times less"
fi
