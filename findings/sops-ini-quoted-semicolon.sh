#!/usr/bin/env bash
# SOPS takes a `;` within a quoted value of an INI file for the start of a comment.
#
# Tools: sops v3.11.0 (github.com/getsops/sops/v3), age-keygen v1.2.1 (filippo.io/age), built with
# `go install`.
# Guess: quotes protect what is between them, so `password = "one ; two"` comes back whole.
# Seen: the value is `"one`, and `; two"` has become a comment of its own, one line above. Programs
# that read the decrypted file get half of the password, and the opening quote. `#` does the same.
# Nothing is said, and the MAC fits.
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

cat > secret.ini <<'INI'
[database]
user = "prow"
password = "one ; two"
token = "three # four"
INI
./sops --encrypt --age "$recipient" secret.ini > encrypted.ini
./sops --decrypt encrypted.ini | tee decrypted.ini

grep -qx 'password *= *"one' decrypted.ini
grep -qx '; two"' decrypted.ini
grep -qx 'token *= *"three' decrypted.ini
test "$(grep -c 'one ; two' decrypted.ini)" = 0
