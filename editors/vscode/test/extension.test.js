// The extension with an editor and a client that only remember what they are asked.
"use strict";

const assert = require("node:assert");
const Module = require("node:module");
const { test } = require("node:test");

const asked = { commands: {}, executed: [], clients: [] };

class Client {
  constructor(id, name, server, options) {
    Object.assign(this, { id, name, server, options, calls: [] });
    asked.clients.push(this);
  }
  async start() {
    this.calls.push("start");
  }
  async stop() {
    this.calls.push("stop");
  }
}

const settings = { path: "/bin/kustom", arguments: ["--offline"] };
const stubs = {
  vscode: {
    workspace: { getConfiguration: () => ({ get: (name) => settings[name] }) },
    commands: {
      registerCommand: (name, run) => {
        asked.commands[name] = run;
        return { dispose() {} };
      },
      executeCommand: (...words) => asked.executed.push(words),
    },
    Position: class {
      constructor(line, character) {
        Object.assign(this, { line, character });
      }
    },
    Range: class {
      constructor(start, end) {
        Object.assign(this, { start, end });
      }
    },
    Location: class {
      constructor(uri, range) {
        Object.assign(this, { uri, range });
      }
    },
    Uri: { parse: (text) => ({ text }) },
  },
  "vscode-languageclient/node": { LanguageClient: Client, TransportKind: { stdio: 0 } },
};
const load = Module._load;
Module._load = (name, ...rest) => stubs[name] ?? load(name, ...rest);
const extension = require("../extension.js");

test("the server is started as the settings say, and again", async () => {
  const context = { subscriptions: [] };
  await extension.activate(context);
  assert.strictEqual(context.subscriptions.length, 2);
  const [client] = asked.clients;
  assert.deepStrictEqual(client.server, {
    command: "/bin/kustom",
    args: ["lsp", "--offline"],
    transport: 0,
  });
  assert.deepStrictEqual(client.calls, ["start"]);
  await asked.commands["kustom.restart"]();
  assert.deepStrictEqual(client.calls, ["start", "stop"]);
  assert.strictEqual(asked.clients.length, 2);
  await extension.deactivate();
  assert.deepStrictEqual(asked.clients[1].calls, ["start", "stop"]);
});

test("a lens shows its places", () => {
  const at = { line: 1, character: 2 };
  const place = { uri: "file:///b", range: { start: at, end: at } };
  asked.commands["kustom.showPlaces"]("file:///a", at, [place]);
  const [[command, uri, position, places]] = asked.executed;
  assert.strictEqual(command, "editor.action.showReferences");
  assert.strictEqual(uri.text, "file:///a");
  assert.deepStrictEqual({ ...position }, at);
  assert.strictEqual(places[0].uri.text, "file:///b");
  assert.strictEqual(places[0].range.start.line, 1);
});
