#!/usr/bin/env bash
# yq loses keys of a TOML table in braces, and writes one list of such tables so that it takes over
# the keys behind it.
#
# Tool: yq v4.54.3 (github.com/mikefarah/yq), built with `go install`.
# Guess: `a = { b.c = 1, b.d = 2 }` is a table with two keys in `b`, as TOML 1.0 says of dotted keys,
# and a file that is read and written as TOML means the same afterwards.
# Seen: the second dotted key takes the place of the first, without a word: `{"a":{"b":{"d":2}}}`.
# And `list = [{ n = 1 }]` before `title = "x"` is written as `[[list]]`, under which `title` now
# stands: it has moved into the last table of the list.
#
# Needs Go and the network. Ends with 1 if yq does something else.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
GOBIN=$folder go install github.com/mikefarah/yq/v4@v4.54.3
./yq --version

printf 'a = { b.c = 1, b.d = 2 }\n' > dotted.toml
dotted=$(./yq -p toml -o json -I 0 . dotted.toml)
echo "$dotted"
test "$dotted" = '{"a":{"b":{"d":2}}}'

printf 'list = [{ n = 1 }]\ntitle = "x"\n' > list.toml
./yq -p toml -o toml . list.toml > written.toml
cat written.toml
before=$(./yq -p toml -o json -I 0 . list.toml)
after=$(./yq -p toml -o json -I 0 . written.toml)
echo "$before"
echo "$after"
test "$before" = '{"list":[{"n":1}],"title":"x"}'
test "$after" = '{"list":[{"n":1,"title":"x"}]}'
