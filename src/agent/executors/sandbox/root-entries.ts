import { lstatSync, readlinkSync } from "node:fs";
import type { RootEntry } from "./flags.js";

const NAMES = ["/bin", "/lib", "/lib32", "/lib64", "/libx32"];

/** The names beside `/usr` that programs need: links into it on merged systems, folders elsewhere. */
export function rootEntries(): readonly RootEntry[] {
  return NAMES.flatMap((path) => {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return [];
    return [{ path, target: found.isSymbolicLink() ? readlinkSync(path) : undefined }];
  });
}
