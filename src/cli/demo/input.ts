import type { Readable } from "node:stream";
import { untilAborted } from "../../lib/until-aborted.js";
import type { MaybeTerminal } from "../context.js";
import type { DemoExecution } from "./execution.js";

/** A terminal's end of input (Ctrl-D); it counts at the beginning of a line. */
const END_OF_INPUT = "\u0004";
/** How long an input that is no terminal may be silent before the example gets a line of the demo's own. */
const SILENCE = 3000;
/** How long an empty input waits for the program's prompt, so that the line comes behind it. */
const PROMPT = 1000;

/** Where typed text comes from and goes to. */
export interface InputOptions {
  readonly input: MaybeTerminal<Readable>;
  readonly execution: DemoExecution;
  /** What to type when nobody does; undefined: nothing. */
  readonly fallback: string | undefined;
  readonly onFallback: () => void;
}

/**
 * Hands typed input to the execution as it comes, no faster than it is taken; its end becomes the terminal's. Where nobody can type,
 * because the input is no terminal and empty or silent, `fallback` is sent instead. Returns what ends the forwarding.
 */
export function forwardInput({ input, execution, fallback, onFallback }: InputOptions): () => void {
  let any = false;
  let atLineStart = true;

  const onData = (data: Buffer | string): void => {
    any = true;
    atLineStart = String(data).endsWith("\n");
    input.pause();
    execution.write(data, () => {
      if (!stopped) input.resume();
    });
  };
  const typeFallback = (): void => {
    if (any || fallback === undefined) return;
    any = true;
    onFallback();
    execution.write(fallback);
  };
  const endInput = (): void => {
    if (stopped) return;
    typeFallback();
    execution.write(atLineStart ? END_OF_INPUT : `\n${END_OF_INPUT}`);
  };
  const onEnd = (): void => {
    if (any || fallback === undefined) endInput();
    else void Promise.race([execution.spoke, untilAborted(AbortSignal.timeout(PROMPT))]).then(endInput);
  };

  let stopped = false;
  const timer = input.isTTY ? undefined : setTimeout(typeFallback, SILENCE);
  if (input.readableEnded) onEnd();
  input.on("data", onData);
  input.once("end", onEnd);
  input.resume();
  return () => {
    stopped = true;
    clearTimeout(timer);
    input.off("data", onData);
    input.off("end", onEnd);
    input.pause();
  };
}
