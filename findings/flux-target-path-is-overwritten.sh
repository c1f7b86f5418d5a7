#!/usr/bin/env bash
# A value that `valuesFrom` of a Flux HelmRelease sets at a `targetPath` is overwritten by `values` after
# all, depending on where it stands.
#
# Library: github.com/fluxcd/pkg/chartutil, which helm-controller composes values with.
# Guess: as its documentation says, values are merged in order, `values` last, and a `targetPath`
# overwrites all of them.
# Seen: `values` are merged once more at the end. A value with a path lasts in a map that only `values`
# have, since that map is shared and was changed in place; at the top level, and in a map that an
# earlier entry of `valuesFrom` has, too, the one of `values` wins.
#
# Needs Go and the network. Ends with 1 if the library does something else.
set -euo pipefail

VERSION=v1.27.2
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
export GOMODCACHE=${GOMODCACHE:-$folder/modules} GOFLAGS=-mod=mod

cat > go.mod <<GO
module example.org/finding

go 1.26

require github.com/fluxcd/pkg/chartutil $VERSION
GO
cat > main.go <<'GO'
package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/fluxcd/pkg/apis/meta"
	"github.com/fluxcd/pkg/chartutil"
	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A cluster with one Secret and one ConfigMap.
type cluster struct{ client.Client }

func (cluster) Get(_ context.Context, _ client.ObjectKey, object client.Object, _ ...client.GetOption) error {
	switch object := object.(type) {
	case *corev1.Secret:
		object.Data = map[string][]byte{"password": []byte("secret")}
	case *corev1.ConfigMap:
		object.Data = map[string]string{"values.yaml": "auth: {user: web}"}
	}
	return nil
}

func main() {
	at := func(path string) meta.ValuesReference {
		return meta.ValuesReference{Kind: "Secret", Name: "s", ValuesKey: "password", TargetPath: path}
	}
	before := meta.ValuesReference{Kind: "ConfigMap", Name: "m"}
	for _, references := range [][]meta.ValuesReference{
		{at("auth.password")},
		{at("password")},
		{before, at("auth.password")},
	} {
		values := map[string]any{"password": "own", "auth": map[string]any{"password": "own"}}
		made, err := chartutil.ChartValuesFromReferences(
			context.Background(), logr.Discard(), cluster{}, "default", values, references...)
		if err != nil {
			panic(err)
		}
		text, _ := json.Marshal(made)
		fmt.Println(string(text))
	}
}
GO
go mod tidy 2>&1 | tail -5 >&2
found=$(go run .)
wanted='{"auth":{"password":"secret"},"password":"own"}
{"auth":{"password":"own"},"password":"own"}
{"auth":{"password":"own","user":"web"},"password":"own"}'
printf '%s\n' "$found"
if [ "$found" != "$wanted" ]; then
  echo "chartutil $VERSION does something else" >&2
  exit 1
fi
