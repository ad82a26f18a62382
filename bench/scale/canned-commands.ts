import type { ExecSpec } from "../../src/agent/executor.js";
import type { CannedExec } from "../../src/agent/executors/null.js";
import { type Deferred, deferred } from "../../src/lib/deferred.js";
import { CannedProcess } from "./canned-process.js";
import { runCanned } from "./canned-program.js";

/** What an execution's stderr session hands to its terminal session. */
interface Request {
  readonly nonce: string;
  readonly command: string;
}

/** What bash says of a program that an image does not have. */
const NOT_THERE = 127;
/** The lines of the server's shell texts that tell which session is which. */
const TERMINAL_LINE = 'printf %s "$1:!" >&7';
const ERRORS_LINE = 'printf %s "$request" >&9';
const CONTROL_LINE = "printf 'lacks %s\\n' \"$tool\"";

/**
 * Answers exec sessions as the shell texts of the plain path do for a command, without running anything: the commands of canned-program.ts
 * print, everything else ends at once with 0. A runner is kept warm no longer than it takes to say that its image has no `head`. Sessions of
 * other shell texts find nothing to run.
 */
export function cannedCommands(): CannedExec {
  const requests = new Map<string, Deferred<Request>>();
  const requestOf = (unique: string): Deferred<Request> => {
    const known = requests.get(unique) ?? deferred<Request>();
    requests.set(unique, known);
    return known;
  };
  return (spec) => {
    const process = new CannedProcess();
    const [text = "", , unique = ""] = spec.command.slice(4);
    // The session sets its handlers once it has the process.
    setImmediate(() => {
      if (isTerminal(spec, text)) runTerminal(process, unique, requestOf(unique).promise);
      else if (isErrors(spec, text)) runErrors(process, requestOf(unique), () => requests.delete(unique));
      else if (text.includes(CONTROL_LINE)) process.print("lacks head\n");
      else process.exit(NOT_THERE);
    });
    return process;
  };
}

function isTerminal({ tty }: ExecSpec, text: string): boolean {
  return tty && text.includes(TERMINAL_LINE);
}

function isErrors({ tty }: ExecSpec, text: string): boolean {
  return !tty && text.includes(ERRORS_LINE);
}

/** The terminal session (terminal.sh): says that it waits for the request, that the command starts, what it prints, and the end marker. */
function runTerminal(process: CannedProcess, unique: string, request: Promise<Request>): void {
  process.print(`${unique}:=`);
  void request.then(({ nonce, command }) => {
    process.print(`${unique}:!`);
    runCanned(process, command, (code) => process.print(`${nonce}:${String(code).padStart(3, "0")}\r\n`));
  });
}

/** The stderr session (errors.sh): takes the request, writes the end marker, and stays until it is told to end. */
function runErrors(process: CannedProcess, request: Deferred<Request>, forget: () => void): void {
  let held = Buffer.alloc(0);
  let taken = false;
  process.onInput = (chunk) => {
    held = Buffer.concat([held, chunk]);
    if (taken) {
      if (held.includes("end\n")) process.exit(0);
      return;
    }
    const parsed = parseRequest(held);
    if (parsed === undefined) return;
    taken = true;
    held = Buffer.from(parsed.rest);
    forget();
    request.resolve(parsed.request);
    process.print(`${parsed.request.nonce}\n`);
  };
  process.print("ready\n");
}

/** The length of the request (a line), the nonce (a line), the sizes of the words (a line), the words: command and environment. */
function parseRequest(bytes: Buffer): { readonly request: Request; readonly rest: Buffer } | undefined {
  const lineEnd = bytes.indexOf("\n");
  const length = Number(bytes.toString("latin1", 0, Math.max(0, lineEnd)));
  const start = lineEnd + 1;
  if (lineEnd === -1 || bytes.length < start + length) return undefined;
  const body = bytes.subarray(start, start + length);
  const nonceEnd = body.indexOf("\n");
  const sizesEnd = body.indexOf("\n", nonceEnd + 1);
  const [size = 0] = body
    .toString("latin1", nonceEnd + 1, sizesEnd)
    .split(" ")
    .map(Number);
  const nonce = body.toString("latin1", 0, nonceEnd);
  const command = body.toString("utf8", sizesEnd + 1, sizesEnd + 1 + size);
  return { request: { nonce, command }, rest: bytes.subarray(start + length) };
}
