import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import type { CliContext, Parts } from "../../../src/cli/context.js";

const missing = (): never => {
  throw new Error("this part was not expected");
};

/** A context whose streams are kept, and the texts that were written to them. */
export function fakeContext(
  options: { parts?: Partial<Parts>; environment?: Record<string, string>; mainPath?: string } = {},
) {
  const stop = new AbortController();
  const signals = new EventEmitter();
  const [input, output, errors] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const texts = { output: "", errors: "" };
  output.on("data", (chunk) => {
    texts.output += chunk;
  });
  errors.on("data", (chunk) => {
    texts.errors += chunk;
  });
  const context: CliContext = {
    environment: options.environment ?? {},
    input,
    output,
    errors,
    stop: stop.signal,
    onSignal: (signal, listener) => void signals.on(signal, listener),
    mainPath: options.mainPath ?? "",
    parts: { createApp: missing, createAgent: missing, chooseExecutor: missing, ...options.parts },
  };
  return { context, stop, input, texts, signals };
}

/** Resolves once `check` passes; the test's own time limit bounds it. */
export async function eventually(check: () => boolean): Promise<void> {
  while (!check()) await new Promise((resolve) => setImmediate(resolve));
}
