#!/usr/bin/env bash
# A JSON Patch `test` holds for a field that is not there, and fails for the same number in other
# digits.
#
# Libraries: gopkg.in/evanphx/json-patch.v4 v4.13.0, which kustomize and the API server apply JSON
# patches with, and github.com/evanphx/json-patch/v5 v5.9.11.
# Guess, after RFC 6902, section 4.6: numbers are equal when their values are (1 and 1.0), strings
# when their characters are, and a test of a path that does not exist fails.
# Seen: a number is compared as it is written, so that a test of 1 for 1.0 fails, in both. Version 4
# also compares strings as they are written: `"/"` is not `"\/"`. A test for null succeeds in both
# where there is no such field.
#
# Needs Go and the network. Ends with 1 if the libraries do something else.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > main.go <<'GO'
package main

import (
	"fmt"

	v5 "github.com/evanphx/json-patch/v5"
	v4 "gopkg.in/evanphx/json-patch.v4"
)

func verdict(_ []byte, err error) string {
	if err != nil {
		return "fails"
	}
	return "holds"
}

func main() {
	for _, pair := range [][2]string{
		{`{"a": 1}`, `1`},
		{`{"a": 1}`, `1.0`},
		{`{"a": "/"}`, `"\/"`},
		{`{}`, `null`},
		{`{}`, `""`},
	} {
		patch := []byte(`[{"op": "test", "path": "/a", "value": ` + pair[1] + `}]`)
		four, err := v4.DecodePatch(patch)
		if err != nil {
			panic(err)
		}
		five, err := v5.DecodePatch(patch)
		if err != nil {
			panic(err)
		}
		document := []byte(pair[0])
		fmt.Println(pair[0], pair[1], verdict(four.Apply(document)), verdict(five.Apply(document)))
	}
}
GO
go mod init finding 2>/dev/null
go get gopkg.in/evanphx/json-patch.v4@v4.13.0 github.com/evanphx/json-patch/v5@v5.9.11 2>/dev/null
go run . | tee seen
diff - seen <<'SEEN'
{"a": 1} 1 holds holds
{"a": 1} 1.0 fails fails
{"a": "/"} "\/" fails holds
{} null holds holds
{} "" fails fails
SEEN
