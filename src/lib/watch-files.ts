import { type StatsListener, unwatchFile, watchFile } from "node:fs";

/** How often files are looked at, ms. Looking, not being told: only that sees a changed link to a folder, as secrets are mounted. */
const PERIOD_MS = 1_000;

/** Calls `changed` whenever one of the files changes, appears, goes or is another one than before; returns how to end that. */
export function watchFiles(
  paths: readonly string[],
  changed: () => void,
  { period = PERIOD_MS }: { readonly period?: number } = {},
): () => void {
  const listener: StatsListener = () => changed();
  for (const path of paths) watchFile(path, { persistent: false, interval: period }, listener);
  return () => {
    for (const path of paths) unwatchFile(path, listener);
  };
}
