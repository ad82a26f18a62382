import { readFileSync } from "node:fs";

/**
 * The text of shell files beside the module `base`, one behind the other, without comments, blank lines and indentation: it travels in
 * the address of a request. A line of those files never begins inside a quoted string. Read once, when the module is loaded.
 */
export function shellText(base: string, ...names: readonly string[]): string {
  return names
    .flatMap((name) => readFileSync(new URL(name, base), "utf8").split("\n"))
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .join("\n");
}

/** The argument list that runs `text` in a root shell that reads no file and takes nothing over from its environment. */
export function rootShell(text: string, ...parameters: readonly string[]): readonly string[] {
  // `-p`: BASH_ENV, SHELLOPTS and exported functions of the image have no say; `--norc`: bash takes a socket as stdin for a remote login.
  return ["/bin/bash", "--norc", "-p", "-c", text, "poseidon", ...parameters];
}
