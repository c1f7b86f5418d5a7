#!/bin/sh
# Holds `kustom yq` against yq 4 on a configuration of 10 MB: a no-op and five edits.
#
#   benches/yq.sh [KUSTOM] [YQ]
#
# Wants hyperfine; memory is measured with GNU time where it is installed.
set -eu
kustom=$(command -v "${1:-target/release/kustom}")
yq=$(command -v "${2:-yq}")
kustom=$(cd "$(dirname "$kustom")" && pwd)/$(basename "$kustom")
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"

awk 'BEGIN {
    print "# Generated configuration\nplank:\n  url: https://example.com/   # for now"
    print "  limits: {cpu: 100m, memory: 1Gi}\n\npresets:"
    for (number = 0; number < 30000; number++) {
        printf "  - name: preset-%d   # number %d\n", number, number
        printf "    labels: {team: \"t%d\", tier: '\''backend'\''}\n", number % 7
        printf "    env:\n      - name: GOPATH\n        value: /go/%d\n", number
        printf "      - name: DOCKER_IN_DOCKER\n        value: \"true\"\n"
        printf "    volumes:\n      - hostPath:\n          path: /var/lib/cache/%d\n", number
        printf "        name: cache\n    script: |\n      set -e\n      make test TARGET=%d\n\n", number
    }
    print "namespace: jobs\npod_namespace: pods"
}' > config.yaml
cat > five.yq <<'END'
.plank.url = "https://other.example.com/"
| .presets[2].volumes[0].hostPath.path = "/var/other"
| (.presets[] | select(.name == "preset-100") | .env[0].value) = "/gopath"
| .namespace = "test-jobs"
| .pod_namespace = "test-pods"
END

hyperfine --warmup 1 --runs 5 -n 'kustom, no-op' "$kustom yq . config.yaml" \
    -n 'yq, no-op' "$yq . config.yaml"
hyperfine --warmup 1 --runs 5 -n 'kustom, five edits' "$kustom yq --from-file five.yq config.yaml" \
    -n 'yq, five edits' "$yq --from-file five.yq config.yaml"
if time=$(command -v /usr/bin/time); then
    for command in "$kustom yq" "$yq"; do
        "$time" -f "%M KB  $command" $command --from-file five.yq config.yaml > /dev/null
    done
fi
