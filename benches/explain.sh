#!/usr/bin/env bash
# What an explanation costs, in renders: the processor time of `explain` and `blame` beside `render`.
#
#   benches/explain.sh [PROGRAM]
#
# Each command runs 10 times, in turns; the figures are sums of user and system time. PROGRAM is the
# release build if none is named.
set -euo pipefail
cd "$(dirname "$0")/.."
program=${1:-}
if [ -z "$program" ]; then
  cargo build --locked --release --quiet --package kustom
  program=${CARGO_TARGET_DIR:-target}/release/kustom
fi
field='spec.template.spec.containers[deck].image'
render=0 explain=0 blame=0
# Seconds of processor time of one run.
cost() {
  local TIMEFORMAT='%U %S'
  { time "$program" "$@" >/dev/null 2>&1; } 2>&1 | awk '{print $1 + $2}'
}
add() { awk -v a="$1" -v b="$2" 'BEGIN {print a + b}'; }
for _ in 1 2 3 4 5 6 7 8 9 10; do
  render=$(add "$render" "$(cost render production --secrets placeholder)")
  explain=$(add "$explain" "$(cost explain production Deployment/deck "$field")")
  blame=$(add "$blame" "$(cost blame production)")
done
awk -v r="$render" -v e="$explain" -v b="$blame" 'BEGIN {
  printf "| command | of a render |\n|---|---|\n"
  printf "| `explain` of one field | %.1f |\n| `blame` | %.1f |\n", e / r, b / r
}'
