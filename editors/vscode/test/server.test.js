// The client library of VS Code talks to the program: `KUSTOM=path/to/kustom npm test`.
"use strict";

const assert = require("node:assert");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { spawn } = require("node:child_process");
const { test } = require("node:test");
const { pathToFileURL } = require("node:url");
const {
  createProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
} = require("vscode-languageserver-protocol/node");

const program = process.env.KUSTOM || "kustom";

/** A directory with some files. */
function project(files) {
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "kustom-")));
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(root, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  }
  return root;
}

test("a field that is misspelt is told, and mended", async () => {
  const text = "resorces: [web.yaml]\n";
  const root = project({
    "base/kustomization.yaml": text,
    "base/web.yaml": "{apiVersion: v1, kind: ConfigMap, metadata: {name: web}}\n",
  });
  const child = spawn(program, ["lsp", "--stdio"]);
  const connection = createProtocolConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  const told = new Promise((resolve) =>
    connection.onNotification("textDocument/publishDiagnostics", resolve),
  );
  connection.listen();
  const result = await connection.sendRequest("initialize", {
    processId: process.pid,
    rootUri: pathToFileURL(root).href,
    capabilities: { general: { positionEncodings: ["utf-16"] } },
  });
  assert.strictEqual(result.capabilities.positionEncoding, "utf-16");
  await connection.sendNotification("initialized", {});
  const uri = pathToFileURL(path.join(root, "base/kustomization.yaml")).href;
  await connection.sendNotification("textDocument/didOpen", {
    textDocument: { uri, languageId: "yaml", version: 1, text },
  });
  const { diagnostics } = await told;
  assert.match(diagnostics[0].message, /unknown field `resorces`/);
  const actions = await connection.sendRequest("textDocument/codeAction", {
    textDocument: { uri },
    range: diagnostics[0].range,
    context: { diagnostics },
  });
  assert.strictEqual(actions[0].edit.changes[uri][0].newText, "resources");
  await connection.sendRequest("shutdown");
  await connection.sendNotification("exit");
  const code = await new Promise((resolve) => child.on("exit", resolve));
  assert.strictEqual(code, 0);
  connection.dispose();
});
