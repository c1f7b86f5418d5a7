#!/usr/bin/env bash
# `multipleOf: 0.5` in a CRD refuses the whole numbers, and takes 1.5.
#
# Library: k8s.io/kube-openapi, which API servers validate custom resources with, at the revision
# that Kubernetes 1.37 is built with.
# Guess: 2 is a multiple of 0.5 and is accepted, like 1.5.
# Seen: a number without a fraction is compared as an integer, and so is the factor, without its
# fraction: 0.5 becomes 0, which refuses every whole number. Of 2.5 the 2 is left: 4 is accepted,
# and 5, which is twice 2.5, is refused. Numbers with a fraction are judged as one would guess.
#
# Needs Go and the network. Ends with 1 if the library does something else.
set -euo pipefail

VERSION=v0.0.0-20260721132016-d427ff9ee9ad
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
export GOMODCACHE=$folder/modules GOFLAGS=-mod=mod

cat > go.mod <<GO
module example.org/finding

go 1.24

require k8s.io/kube-openapi $VERSION
GO
cat > main.go <<'GO'
package main

import (
	"fmt"

	"k8s.io/kube-openapi/pkg/validation/spec"
	"k8s.io/kube-openapi/pkg/validation/strfmt"
	"k8s.io/kube-openapi/pkg/validation/validate"
)

func main() {
	for _, factor := range []float64{0.5, 2.5} {
		// As the API server decodes YAML and JSON: whole numbers are int64.
		for _, value := range []any{int64(2), int64(4), int64(5), 1.5, 7.5} {
			schema := &spec.Schema{}
			schema.Type = []string{"number"}
			schema.MultipleOf = &factor
			result := validate.NewSchemaValidator(schema, nil, "field", strfmt.Default).Validate(value)
			fmt.Printf("multipleOf %v, value %v: accepted %v\n", factor, value, result.IsValid())
		}
	}
}
GO
found=$(go run . 2>/dev/null)
echo "kube-openapi $(go list -m -f '{{.Version}}' k8s.io/kube-openapi)"
echo "$found"
wanted='multipleOf 0.5, value 2: accepted false
multipleOf 0.5, value 4: accepted false
multipleOf 0.5, value 5: accepted false
multipleOf 0.5, value 1.5: accepted true
multipleOf 0.5, value 7.5: accepted true
multipleOf 2.5, value 2: accepted true
multipleOf 2.5, value 4: accepted true
multipleOf 2.5, value 5: accepted false
multipleOf 2.5, value 1.5: accepted false
multipleOf 2.5, value 7.5: accepted true'
if [ "$found" = "$wanted" ]; then
  echo "as described"
else
  echo "not as described any more"
  exit 1
fi
