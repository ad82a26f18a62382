import type { ExecOptions, ExecTarget } from "./exec.js";

/** Characters from which on an argument is a text of the program's, its shells: few, the same in every session, and long to encode. */
const textLength = 256;

/** More texts than the program has are not kept. */
const mostTexts = 32;

const texts = new Map<string, string>();

/** The path and query by which an exec session is opened (Nomad: "Exec Allocation"). */
export function execPath(target: ExecTarget, options: ExecOptions, namespace: string): string {
  const path = `/v1/client/allocation/${encodeURIComponent(target.allocationId)}/exec`;
  const words = options.command.map(encodeArgument).join("%2C");
  return `${path}?task=default-task&tty=${options.tty}&command=%5B${words}%5D&namespace=${encodeURIComponent(namespace)}`;
}

/** An argument as JSON in a query. */
function encodeArgument(argument: string): string {
  if (argument.length < textLength) return encodeURIComponent(JSON.stringify(argument));
  let encoded = texts.get(argument);
  if (encoded === undefined) {
    encoded = encodeURIComponent(JSON.stringify(argument));
    if (texts.size < mostTexts) texts.set(argument, encoded);
  }
  return encoded;
}
