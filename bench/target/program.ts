import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** The built program of this project, beside which the bench is built. */
const MAIN = fileURLToPath(new URL("../../../dist/main.js", import.meta.url));

const START_MS = 60_000;
const STOP_MS = 30_000;
/** Characters of a program's words that are kept for when it fails. */
const KEPT = 4_000;

/** A program that the bench started. */
export interface Program {
  readonly pid: number;
  /** What its line of readiness said. */
  readonly ready: readonly string[];
  /** The time between its start and that line, ms. */
  readonly startMs: number;
  /** Asks it to end, waits, and ends it for good after 30 s. Idempotent. */
  stop(): Promise<void>;
}

/** What to start. */
export interface ProgramOptions {
  /** A JavaScript file; the built server by default. */
  readonly file?: string;
  readonly nodeArguments?: readonly string[];
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Finds the line that says it is ready, on either output. */
  readonly readyLine: RegExp;
  readonly signal: AbortSignal;
}

/** Starts a program and waits until it says that it is ready. It gets no variable of ours but those that a program needs. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { file = MAIN, nodeArguments = [], environment, readyLine, signal } = options;
  signal.throwIfAborted();
  const start = performance.now();
  const child = spawn(process.execPath, [...nodeArguments, file, ...options.arguments], {
    env: { ...ownVariables(), ...environment },
    // What reads its input ends with us, however we die.
    stdio: ["pipe", "pipe", "pipe"],
    // Ctrl-C reaches only the bench, which then stops everything in order.
    detached: true,
  });
  child.stdin?.on("error", () => undefined);
  const stop = stopper(child);
  try {
    const ready = await Promise.race([untilReady(child, readyLine), late(signal)]);
    return { pid: child.pid ?? 0, ready, startMs: performance.now() - start, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Reads both outputs for as long as the program runs, and finds the line in them. */
function untilReady(child: ChildProcess, line: RegExp): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    let text = "";
    for (const output of [child.stdout, child.stderr]) {
      output?.on("data", (chunk: Buffer) => {
        text = (text + String(chunk)).slice(-KEPT);
        const found = line.exec(text);
        if (found !== null) resolve([...found]);
      });
    }
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`a program ended early (${code}):\n${text}`)));
  });
}

async function late(signal: AbortSignal): Promise<never> {
  const over = AbortSignal.any([signal, AbortSignal.timeout(START_MS)]);
  if (!over.aborted) await once(over, "abort");
  throw new Error("a program did not become ready in time");
}

function stopper(child: ChildProcess): () => Promise<void> {
  let stopped: Promise<void> | undefined;
  async function stop(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await ended;
    clearTimeout(timer);
  }
  return () => {
    stopped ??= stop();
    return stopped;
  };
}

/** Without the server's own variables: what is measured is what the bench sets. */
function ownVariables(): Record<string, string> {
  const entries = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && !/^(POSEIDON|NOMAD)_/.test(name),
  );
  return Object.fromEntries(entries) as Record<string, string>;
}
