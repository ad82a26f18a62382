import { environmentPairs } from "./environment.js";
import type { CommandRequest } from "./runner-shell.js";

/** Most bytes of command and environment together (execution.md). */
const largestSum = 1024 * 1024;

/** The kernel takes no argument and no variable of this many bytes or more, its final NUL left out. */
const tooLongVariable = 128 * 1024;

/** What the kernel counts beside the text of each variable: its NUL and a pointer. */
const variableOverhead = 9;

/** What command and environment may take as the kernel counts: its 2 MiB, less room for the image's own environment. */
const largestWithOverhead = 1.75 * 1024 * 1024;

/**
 * Why a command is too large for any process to be given it, as a message for the client (400), or undefined when it is fine. Counts
 * UTF-8 bytes.
 */
export function checkCommandSize(
  request: Pick<CommandRequest, "command" | "environment">,
): string | undefined {
  let sum = Buffer.byteLength(request.command);
  const pairs = environmentPairs(request.environment);
  for (const pair of pairs) {
    const size = Buffer.byteLength(pair);
    if (size >= tooLongVariable) {
      return `environment: the variable ${pair.slice(0, pair.indexOf("=")).slice(0, 100)} is longer than 128 KiB`;
    }
    sum += size;
  }
  if (sum > largestSum || sum + pairs.length * variableOverhead > largestWithOverhead) {
    return "command and environment are larger than 1 MiB together";
  }
  return undefined;
}
