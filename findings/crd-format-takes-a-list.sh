#!/usr/bin/env bash
# A custom resource's field of `type: string` takes a list, if the schema also names a format.
#
# Library: k8s.io/kube-openapi, which API servers validate custom resources with, at the revision
# that Kubernetes 1.37 is built with.
# Guess: where the schema says `type: string`, a list is refused; a format narrows that further.
# Seen: without a format the list is refused. With a format, any format, it is accepted, whatever
# stands in it, and so a program that reads a text gets a list.
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
	values := map[string]any{"text": "10.0.0.0/8", "list": []any{"10.0.0.0/8"}, "number": 8.5}
	for _, format := range []string{"", "cidr", "date-time", "duration"} {
		for _, name := range []string{"list", "number"} {
			schema := &spec.Schema{SchemaProps: spec.SchemaProps{Type: []string{"string"}, Format: format}}
			result := validate.NewSchemaValidator(schema, nil, "field", strfmt.Default).Validate(values[name])
			fmt.Printf("format %q, a %s: accepted %v\n", format, name, result.IsValid())
		}
	}
}
GO
found=$(go run . 2>/dev/null)
echo "kube-openapi $(go list -m -f '{{.Version}}' k8s.io/kube-openapi)"
echo "$found"
wanted='format "", a list: accepted false
format "", a number: accepted false
format "cidr", a list: accepted true
format "cidr", a number: accepted false
format "date-time", a list: accepted true
format "date-time", a number: accepted false
format "duration", a list: accepted true
format "duration", a number: accepted false'
if [ "$found" = "$wanted" ]; then
  echo "as described"
else
  echo "not as described any more"
  exit 1
fi
