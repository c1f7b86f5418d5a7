// Starts `kustom lsp` for the files of a workspace, and shows the places that its lenses lead to.
"use strict";

const vscode = require("vscode");
const { LanguageClient, TransportKind } = require("vscode-languageclient/node");

/** The files that the server is told of. */
const documents = [
  { scheme: "file", language: "yaml" },
  { scheme: "file", pattern: "**/{kustomization.yaml,kustomization.yml,Kustomization}" },
  { scheme: "file", pattern: "**/*.{yaml,yml,json,j2}" },
];

/** How the server is started, by the settings. */
function server(settings) {
  const command = settings.get("path") || "kustom";
  const args = ["lsp", ...(settings.get("arguments") || [])];
  return { command, args, transport: TransportKind.stdio };
}

let client;

async function start() {
  const settings = vscode.workspace.getConfiguration("kustom");
  client = new LanguageClient("kustom", "kustom", server(settings), { documentSelector: documents });
  await client.start();
}

/** Shows places as the editor shows references; they come as the protocol writes them. */
function showPlaces(uri, position, places) {
  const at = ({ line, character }) => new vscode.Position(line, character);
  const locations = places.map(
    (place) =>
      new vscode.Location(
        vscode.Uri.parse(place.uri),
        new vscode.Range(at(place.range.start), at(place.range.end)),
      ),
  );
  return vscode.commands.executeCommand(
    "editor.action.showReferences",
    vscode.Uri.parse(uri),
    at(position),
    locations,
  );
}

async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("kustom.showPlaces", showPlaces),
    vscode.commands.registerCommand("kustom.restart", async () => {
      await client?.stop();
      await start();
    }),
  );
  await start();
}

function deactivate() {
  return client?.stop();
}

module.exports = { activate, deactivate, documents, server, showPlaces };
