#!/usr/bin/env bash
# SOPS gives back another whole number than the one that was encrypted in a JSON file.
#
# Tools: sops v3.11.0 (github.com/getsops/sops/v3), age-keygen v1.2.1 (filippo.io/age), built with
# `go install`.
# Guess: what is decrypted is what was encrypted, or there is an error; the file has a MAC.
# Seen: JSON numbers are read as floating point, so 9007199254740993 comes back as 9007199254740992,
# with a MAC that fits. The same number in YAML is kept, and one that is too large for an int64 is
# refused there.
#
# Needs Go and the network. Ends with 1 if sops does something else.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
GOBIN=$folder go install github.com/getsops/sops/v3/cmd/sops@v3.11.0
GOBIN=$folder go install filippo.io/age/cmd/age-keygen@v1.2.1
./sops --version --disable-version-check
recipient=$(./age-keygen -o key.txt 2>&1 | sed -n 's/^Public key: //p')
export SOPS_AGE_KEY_FILE=$folder/key.txt

there_and_back() {
  ./sops --encrypt --age "$recipient" "$1" > "encrypted.$1"
  ./sops --decrypt "encrypted.$1"
}

printf '{"account": 9007199254740993}\n' > secret.json
json=$(there_and_back secret.json | tr -d '[:space:]')
echo "$json"
test "$json" = '{"account":9007199254740992}'

printf 'account: 9007199254740993\n' > secret.yaml
yaml=$(there_and_back secret.yaml)
echo "$yaml"
test "$yaml" = 'account: 9007199254740993'

printf 'account: 18446744073709551615\n' > large.yaml
if refused=$(./sops --encrypt --age "$recipient" large.yaml 2>&1); then
  exit 1
fi
echo "$refused"
