// How long the language server takes for hovers and diagnostics, on a project of 300 files:
// `node benches/lsp.mjs [PROGRAM [ROUNDS]]`; without a program, the release is built.
// The 95th percentile counts. Nothing is measured before the first render; the time that the server
// waits for the next key is left out (`quietMilliseconds: 0`).

import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";

const FILES = 290;
const ROUNDS = Number(process.argv[3] ?? 100);

let program = process.argv[2];
if (!program) {
  execFileSync("cargo", ["build", "--locked", "--release"], { stdio: "inherit" });
  program = "target/release/kustom";
}

const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "kustom-")));
const write = (name, text) => {
  const file = path.join(root, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
  return pathToFileURL(file).href;
};
const manifest = (number) => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-${number}
  labels: {app: app-${number}}
spec:
  replicas: 1
  selector:
    matchLabels: {app: app-${number}}
  template:
    metadata:
      labels: {app: app-${number}}
    spec:
      containers:
      - name: app
        image: registry.example.com/app:v1
        ports: [{containerPort: 8080}]
        env:
        - {name: LEVEL, value: info}
        - {name: NUMBER, value: "${number}"}
        resources:
          requests: {cpu: 100m, memory: 128Mi}
          limits: {memory: 256Mi}
`;
const names = Array.from({ length: FILES }, (_, number) => `app-${number}.yaml`);
const uris = names.map((name, number) => write(`base/${name}`, manifest(number)));
write("base/kustomization.yaml", `resources:\n${names.map((name) => `- ${name}\n`).join("")}`);
write("kustom.yaml", "base: base\n");
for (const [name, count] of [["production", 3], ["staging", 2], ["testing", 1]]) {
  write(
    `environments/${name}/kustomization.yaml`,
    `resources: [../../base]
images: [{name: registry.example.com/app, newTag: ${name}}]
replicas: [{name: app-0, count: ${count}}]
patches:
- path: patch.yaml
`,
  );
  write(
    `environments/${name}/patch.yaml`,
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: app-1}\nspec: {minReadySeconds: 5}\n",
  );
  write(`environments/${name}/environment.yaml`, "guard: off\n");
}

const child = spawn(program, ["lsp"], { stdio: ["pipe", "pipe", "inherit"] });
let buffer = Buffer.alloc(0);
const waiting = new Map();
let looked = () => {};
child.stdout.on("data", (piece) => {
  buffer = Buffer.concat([buffer, piece]);
  for (;;) {
    const end = buffer.indexOf("\r\n\r\n");
    if (end < 0) return;
    const length = Number(/Content-Length: (\d+)/.exec(buffer.subarray(0, end).toString())[1]);
    if (buffer.length < end + 4 + length) return;
    const message = JSON.parse(buffer.subarray(end + 4, end + 4 + length));
    buffer = buffer.subarray(end + 4 + length);
    if (message.method === "workspace/codeLens/refresh") looked();
    else if (message.id !== undefined && !message.method) waiting.get(message.id)(message.result);
  }
});
const send = (message) => {
  const text = JSON.stringify({ jsonrpc: "2.0", ...message });
  child.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
};
let number = 0;
const request = (method, params) =>
  new Promise((resolve) => {
    number += 1;
    waiting.set(number, resolve);
    send({ id: number, method, params });
  });
const look = (method, params) =>
  new Promise((resolve) => {
    looked = resolve;
    send({ method, params });
  });

const percentile = (times) => times.sort((a, b) => a - b)[Math.ceil(times.length * 0.95) - 1];
const measure = async (what, once) => {
  const times = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now();
    await once(round);
    times.push(performance.now() - start);
  }
  const median = times.slice().sort((a, b) => a - b)[times.length >> 1];
  console.log(`${what}: median ${median.toFixed(1)} ms, 95 % ${percentile(times).toFixed(1)} ms`);
};

await request("initialize", {
  processId: process.pid,
  rootUri: null,
  capabilities: { workspace: { codeLens: { refreshSupport: true } } },
  initializationOptions: { quietMilliseconds: 0 },
});
send({ method: "initialized", params: {} });
const text = manifest(7);
const uri = uris[7];
const start = performance.now();
await look("textDocument/didOpen", {
  textDocument: { uri, languageId: "yaml", version: 1, text },
});
console.log(`first render: ${(performance.now() - start).toFixed(0)} ms`);
const hover = (of, line) =>
  request("textDocument/hover", {
    textDocument: { uri: of },
    position: { line, character: 5 },
  });
const first = await hover(uri, 6);
if (!first.contents.value.includes("production")) throw new Error(JSON.stringify(first));
const change = (round) => ({
  textDocument: { uri, version: round + 2 },
  contentChanges: [
    {
      range: { start: { line: 6, character: 12 }, end: { line: 6, character: 13 } },
      text: String(round % 10),
    },
  ],
});
await measure("hover", (round) => hover(uris[round % FILES], 6));
await measure("diagnostics after a key", (round) => look("textDocument/didChange", change(round)));
await measure("hover after a key", async (round) => {
  send({ method: "textDocument/didChange", params: change(round) });
  await hover(uri, 6);
});
await request("shutdown", null);
send({ method: "exit" });
fs.rmSync(root, { recursive: true });
