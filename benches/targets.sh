#!/usr/bin/env bash
# The work that users wait for, beside the tools that do it today: writes the table and the plot of
# docs/performance.md.
#
#   benches/targets.sh [KUSTOM] [BEFORE]
#
# KUSTOM is target/release/kustom unless given, BEFORE an older kustom for a column of its own. The
# peers are those on the PATH: kustomize, yq, gitleaks; what is missing leaves its cells empty.
# Figures are processor time, user and system, on one thread: the median of three runs, one of a peer; peak
# memory by GNU time; instructions by valgrind, where they are installed.
set -euo pipefail
cd "$(dirname "$0")/.."
page=$PWD/docs/performance.md
plot=$PWD/docs/performance.svg
kustom=$(realpath "${1:-target/release/kustom}")
before=${2:+$(realpath "$2")}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export RAYON_NUM_THREADS=1
cargo run --locked --quiet -p xtask -- inputs "$work/in"
find_peer() { command -v "$1" || true; }
kustomize=$(find_peer kustomize) yq=$(find_peer yq) gitleaks=$(find_peer gitleaks)

# seconds RUNS COMMAND: the median of the processor time.
seconds() {
  local runs=$1 TIMEFORMAT='%U %S'
  shift
  for ((run = 0; run < runs; run++)); do
    { time bash -c "$1" >/dev/null 2>&1 || true; } 2>&1 | awk '{printf "%.3f\n", $1 + $2}'
  done | sort -n | awk '{a[NR] = $1} END {print a[int((NR + 1) / 2)]}'
}
peak() {
  [ -x /usr/bin/time ] || return 0
  /usr/bin/time -f %M -o "$work/peak" bash -c "$1" >/dev/null 2>&1 || true
  awk 'END {printf "%.0f", $1 / 1024}' "$work/peak"
}
ratio() { awk -v a="$1" -v b="$2" 'BEGIN {if (a != "" && b > 0) printf "%.1f", a / b}'; }

# row NAME OURS PEER: commands, in which `kustom` is the program.
row() {
  local ours theirs="" old=""
  ours=$(seconds 3 "${2//kustom /$kustom }")
  [ -z "$before" ] || old=$(seconds 1 "${2//kustom /$before }")
  [ -z "$3" ] || theirs=$(seconds 1 "$3")
  echo "| $1 | $old | $ours | $(ratio "$old" "$ours") | $theirs | $(ratio "$theirs" "$ours") | $(peak "${2//kustom /$kustom }") |"
}

# 1,500 commits in one directory of 3,000 files.
history() {
  git init -q "$work/history"
  awk 'function text(n, v) {
    return sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings-%d\ndata:\n  version: v%d\n  url: https://example.com/%d/%d\n", n, v, n, v)
  }
  function put(n, v,   t) {t = text(n, v); printf "M 100644 inline apps/f%04d.yaml\ndata %d\n%s\n", n, length(t), t}
  BEGIN {
    for (c = 0; c < 1500; c++) {
      printf "commit refs/heads/main\ncommitter a <a@example.com> %d +0000\ndata 1\nx\n", 1700000000 + c * 60
      if (c == 0) for (n = 0; n < 3000; n++) put(n, 0)
      else put((c * 7919) % 3000, c)
    }
  }' | git -C "$work/history" fast-import --quiet
  git -C "$work/history" repack -adq
}
history

table() {
  local in=$work/in each
  echo "| work | before, s | kustom, s | times less | peer, s | times less | peak, MB |"
  echo "|---|---:|---:|---:|---:|---:|---:|"
  row "10 MB of definitions as people write them" "kustom build $in/written-10/top" \
    "${kustomize:+$kustomize build $in/written-10/top}"
  row "10 MB of definitions, canonical" "kustom build $in/definitions/top" \
    "${kustomize:+$kustomize build $in/definitions/top}"
  row "1,000 objects" "kustom build $in/overlay-1000/top" "${kustomize:+$kustomize build $in/overlay-1000/top}"
  each="for e in $in/environments-20/environments/*; do ${kustomize:-true} build \$e; done"
  row "20 environments over 2.8 MB of definitions" \
    "cd $in/environments-20 && kustom render --all -o $work/rendered" "${kustomize:+$each}"
  row "200 environments over 2.8 MB of definitions" \
    "cd $in/environments-200 && kustom render --all -o $work/rendered-200" ""
  row "500 small environments" "cd $in/many-500 && kustom render --all -o $work/rendered-500" ""
  row "50 overlays of one base of 100 objects" "kustom build $in/diamond-50/all" \
    "${kustomize:+$kustomize build $in/diamond-50/all}"
  row "five edits of 10 MB" "cd $in/yq-30000 && kustom yq --from-file five.yq config.yaml" \
    "${yq:+cd $in/yq-30000 && $yq --from-file five.yq config.yaml}"
  row "the history of 1,500 commits in a directory of 3,000 files" \
    "cd $work/history && kustom secrets check --history" \
    "${gitleaks:+cd $work/history && $gitleaks git --no-banner}"
}

# per_byte INPUT: instructions of a build for each byte that is read.
per_byte() {
  command -v valgrind >/dev/null || return 0
  local bytes count
  bytes=$(cat "$work/in/$1/top"/*.yaml | wc -c)
  count=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null "$kustom" build "$work/in/$1/top" 2>&1 \
    >/dev/null | sed -n 's/.*Collected : //p')
  echo $((count / bytes))
}

# points PROGRAM UNIT INPUT...: size and milliseconds.
points() {
  local program=$1
  shift
  for input in "$@"; do
    echo "${input##*-} $(seconds 1 "$program build $work/in/$input/top")"
  done
}

# Draws both axes in powers of ten: a panel for each workload, a line for each program.
draw() {
  {
    echo "panel objects"
    echo "line kustom" && points "$kustom" overlay-100 overlay-1000 overlay-5000 overlay-20000
    [ -z "$kustomize" ] || { echo "line kustomize" && points "$kustomize" overlay-100 overlay-1000; }
    echo "panel MB of definitions"
    echo "line kustom" && points "$kustom" written-1 written-10
    [ -z "$kustomize" ] || { echo "line kustomize" && points "$kustomize" written-1 written-10; }
  } | awk '
    function log10(v) {return log(v) / log(10)}
    function x(v) {return left + 20 + 80 * log10(v)}
    function y(v) {return 260 - 55 * (log10(v < 0.001 ? 0.001 : v) + 3)}
    BEGIN {
      print "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 860 310\" font-family=\"sans-serif\" font-size=\"12\">"
      print "<title>Processor time against size, kustom and kustomize</title><rect width=\"860\" height=\"310\" fill=\"white\"/>"
      left = -380
    }
    $1 == "panel" {
      left += 430
      sub(/^panel /, "")
      printf "<text x=\"%d\" y=\"295\">%s</text>\n", left + 120, $0
      for (e = -3; e <= 1; e++) printf "<path d=\"M%d %.1fh360\" stroke=\"#ddd\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g s</text>\n", left, y(10 ^ e), left - 4, y(10 ^ e) + 4, 10 ^ e
      for (e = 0; e <= 4; e++) printf "<text x=\"%.1f\" y=\"278\" text-anchor=\"middle\">%d</text>\n", x(10 ^ e), 10 ^ e
      next
    }
    $1 == "line" {name = $2; colour = name == "kustom" ? "#0a6" : "#c40"; last = 0; next}
    {
      if (last) printf "<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"%s\" stroke-width=\"2\"/>\n", px, py, x($1), y($2), colour
      else printf "<text x=\"%.1f\" y=\"%.1f\" fill=\"%s\">%s</text>\n", x($1) - 10, y($2) - 8, colour, name
      printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n", x($1), y($2), colour
      px = x($1); py = y($2); last = 1
    }
    END {print "</svg>"}' >"$plot"
}

{
  echo "Processor time on one thread (\`benches/targets.sh\`); beside $({
    [ -z "$kustomize" ] || echo "kustomize $($kustomize version)"
    [ -z "$yq" ] || echo "yq $($yq --version | sed 's/.* v//')"
    # Built by Go it does not know its own.
    [ -z "$gitleaks" ] || echo "gitleaks $(go version -m "$gitleaks" | awk '$1 == "mod" {print $3}')"
  } | paste -sd, | sed 's/,/, /g')."
  echo
  table
  echo
  echo "Instructions of a build for each byte of definitions: $(per_byte written-10) as people write them, $(per_byte definitions) where they are canonical."
  echo
  echo "![Processor time against size](performance.svg)"
} >"$work/section"
draw
awk -v section="$work/section" '
  /<!-- targets -->/ {print; while ((getline line < section) > 0) print line; skips = 1; next}
  /<!-- \/targets -->/ {skips = 0}
  !skips' "$page" >"$work/page"
cp "$work/page" "$page"
cat "$work/section"
