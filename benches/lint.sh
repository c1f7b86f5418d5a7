#!/usr/bin/env bash
# Processor time of `kustom lint` of the example, beside that of its render.
#
#   benches/lint.sh [KUSTOM]     KUSTOM is target/release/kustom unless given
set -euo pipefail
cd "$(dirname "$0")/.."
kustom=$(realpath "${1:-target/release/kustom}")

# The least processor time of several runs, in seconds.
least() {
  for _ in 1 2 3 4 5 6 7; do
    { TIMEFORMAT='%U %S'; time "$@" >/dev/null 2>&1 || true; } 2>&1 | awk '{print $1 + $2}'
  done | sort -n | head -1
}

for environment in production staging testing; do
  rendered=$(least "$kustom" render "$environment" --secrets placeholder)
  linted=$(least "$kustom" lint "$environment" --exit-zero)
  # What lint takes beyond the render that it needs.
  awk -v r="$rendered" -v l="$linted" -v e="$environment" \
    'BEGIN { printf "%-12s render %.3f s, lint and its render %.3f s, lint alone %.3f s\n", e, r, l, l - r }'
done
