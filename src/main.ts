#!/usr/bin/env node
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { parseArguments, UsageError } from "./cli/arguments.js";
import type { Command } from "./cli/command.js";
import type { Parts } from "./cli/context.js";
import { runCommand } from "./cli/run.js";
import { stopOnSignals } from "./cli/signals.js";

// Operators and test suites look for the process by this name.
process.title = "poseidon";

// V8 lets the heap grow to up to four times what lives before it collects all of it. One and a half times costs hardly more CPU here, and a
// third less memory (docs/performance.md, "Load and growth").
setFlagsFromString("--heap-growing-percent=50");

const parts: Parts = {
  createApp: async (config, options) => (await import("./app.js")).createApp(config, options),
  createAgent: async (options) => (await import("./agent/agent.js")).createAgent(options),
  chooseExecutor: async (options) => (await import("./agent/executors/choose.js")).chooseExecutor(options),
};

// `poseidon --help | head -1` closes our output early; that is no reason to crash.
process.stdout.on("error", () => undefined);
process.stderr.on("error", () => undefined);

function readArguments(): Command {
  try {
    return parseArguments(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`poseidon: ${error.message} (see poseidon --help)\n`);
    process.exit(2);
  }
}

const command = readArguments();
const exitCode = await runCommand(command, {
  environment: process.env,
  input: process.stdin,
  output: process.stdout,
  errors: process.stderr,
  stop: stopOnSignals({
    hangup: command.kind === "serve" ? "ignore" : "stop",
    onSecond: (code) => process.exit(code),
  }),
  onSignal: (signal, listener) => void process.on(signal, listener),
  mainPath: fileURLToPath(import.meta.url),
  parts,
});
process.exit(exitCode);
