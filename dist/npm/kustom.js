#!/usr/bin/env node
// Starts the program of the package for this system.
const { spawnSync } = require("node:child_process");
const { constants } = require("node:os");

const name = `@kustom/${process.platform}-${process.arch}`;
let program;
try {
  program = require.resolve(`${name}/bin/kustom${process.platform === "win32" ? ".exe" : ""}`);
} catch {
  console.error(`error: the package \`${name}\` is not installed`);
  console.error("  help: install without `--omit=optional`; if there is no such package, build kustom from source");
  process.exit(2);
}
const ended = spawnSync(program, process.argv.slice(2), { stdio: "inherit" });
if (ended.error) {
  console.error(`error: \`${program}\` does not start: ${ended.error.message}`);
  process.exit(2);
}
// A shell tells a program that a signal has ended by 128 and the signal's number.
process.exit(ended.status ?? 128 + (constants.signals[ended.signal] ?? 0));
