#!/usr/bin/env bash
# Whole processes side by side in one run, as a table: kustom, kustomize, and the floor.
#
#   benches/processes.sh
#
# The floor is what no build can do without: its files through a parser's events once, and the bytes
# of its output written once.
# Wants hyperfine, and kustomize v5.8.3 on the PATH for the other side; without it, its columns are
# empty. Peak memory is measured with GNU time. Recorded trees of real projects are measured where
# they are at hand (../shared/conformance or $CONFORMANCE).
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --locked --release --quiet --package kustom --package xtask
recorded=${CONFORMANCE:-../shared/conformance}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# Each program as a file that was just written: of one that the kernel has read back page by page, a
# start takes longer, half as long again where it takes a millisecond.
programs=$scratch/programs
mkdir "$programs"
for program in kustom xtask; do cp "${CARGO_TARGET_DIR:-target}/release/$program" "$programs"; done
kustom=$programs/kustom
kustomize=$(command -v kustomize || true)
if [ -n "$kustomize" ]; then
  cp "$kustomize" "$programs/kustomize"
  kustomize=$programs/kustomize
fi
"$programs/xtask" inputs "$scratch/in"

# The medians, in milliseconds, of command lines that take turns.
medians() {
  local runs=$1
  shift
  hyperfine -N --warmup 1 --min-runs "$runs" --max-runs 30 --export-csv "$scratch/csv" "$@" \
    >/dev/null 2>&1
  awk -F, 'NR > 1 {printf "%.1f ", $4 * 1000}' "$scratch/csv"
}
peak() { /usr/bin/time -f %M -o "$scratch/peak" "$@" >/dev/null 2>&1; awk '{printf "%.0f", $1 / 1024}' "$scratch/peak"; }
# Processor seconds of many processes.
processor() {
  # xargs starts them with little of its own.
  local TIMEFORMAT='%U %S'
  { time xargs -n 1 "$1" build <"$2" >/dev/null 2>&1 || true; } 2>"$scratch/times"
  awk '{printf "%.2f", $1 + $2}' "$scratch/times"
}
ratio() { awk -v a="$1" -v b="$2" -v f="${3:-%.0f}" 'BEGIN {if (a != "" && b > 0) printf f, a / b}'; }

# row NAME DIRECTORY [FILES [alone]]: FILES is the directory of all that is read, for the floor;
# kustomize is left out of what would take it many minutes.
row() {
  local name=$1 directory=$2 files=${3:-} alone=${4:-}
  local ours floor="" theirs="" memory theirs_memory=""
  memory=$(peak "$kustom" build "$directory")
  ours=$(medians 10 "$kustom build $directory")
  if [ -n "$files" ]; then
    "$kustom" build "$directory" >"$scratch/output"
    floor=$(medians 10 "$programs/xtask floor $files $scratch/output")
  fi
  if [ -n "$kustomize" ] && [ -z "$alone" ]; then
    theirs=$(medians 3 "$kustomize build $directory")
    theirs_memory=$(peak "$kustomize" build "$directory")
  fi
  echo "| $name | ${theirs% } | ${ours% } | $(ratio "$theirs" "$ours") | ${floor% } | $(ratio "$ours" "$floor" %.1f) | $theirs_memory | $memory |"
}

echo "| input | kustomize, ms | kustom, ms | ratio | floor, ms | of the floor | kustomize, MB | kustom, MB |"
echo "|---|---|---|---|---|---|---|---|"
if [ -d "$recorded/prow" ]; then
  # Links may have been recorded as files that hold their targets, which kustomize does not follow.
  cp -r "$recorded/prow/2020-build/input" "$scratch/prow"
  chmod -R u+w "$scratch/prow"
  find "$scratch/prow" -name current -type f -size -4k | while read -r link; do
    target=$(cat "$link")
    rm "$link"
    ln -s "$target" "$link"
  done
  row "Prow, production of 2020" "$scratch/prow/environments/ibmcloud-production"
  row "Prow, control plane of 2026" "$recorded/prow/2026-build/input/overlays/kubevirt-prow-control-plane"
fi
for count in 100 1,000 2,000; do
  tree=$scratch/in/overlay-${count/,/}
  row "$count objects" "$tree/top" "$tree"
done
row "20,000 objects" "$scratch/in/overlay-20000/top" "$scratch/in/overlay-20000" alone
row "entries for each of 100 workloads" "$scratch/in/entries-100/top" "$scratch/in/entries-100"
row "entries for each of 1,000 workloads" "$scratch/in/entries-1000/top" "$scratch/in/entries-1000" alone
row "10 MB of definitions" "$scratch/in/definitions/top" "$scratch/in/definitions"
row "50 overlays on each other" "$scratch/in/chain-50/level49" "$scratch/in/chain-50"
echo
echo "start-up (\`kustom --version\`): $(medians 30 "$kustom --version")ms"
echo "the example's production: $(medians 30 "$kustom render production --secrets placeholder")ms"
if [ -f "$recorded/real.jsonl" ]; then
  "$programs/xtask" recorded "$recorded/real.jsonl" "$scratch/real" >"$scratch/roots"
  ours=$(processor "$kustom" "$scratch/roots")
  theirs=""
  if [ -n "$kustomize" ]; then theirs=$(processor "$kustomize" "$scratch/roots"); fi
  echo "$(wc -l <"$scratch/roots") roots of public repositories, a process each: kustomize $theirs s, kustom $ours s of processor time, $(ratio "$theirs" "$ours") times less"
fi
