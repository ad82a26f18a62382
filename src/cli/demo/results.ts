import type { ApiClient, ListedFile } from "./api-client.js";
import type { Program } from "./program.js";
import { Terminal } from "./terminal.js";

const MAX_SHOWN_FILES = 10;
const MAX_DOWNLOAD = 1024 * 1024;
const MAX_SHOWN_BYTES = 500;

/** A file of the runner, and its bytes where it is small enough to be worth showing. */
export interface Result {
  readonly file: ListedFile;
  readonly content: Buffer | undefined;
}

/** What the program left behind: plain files that the demo did not copy there, or that are not as they were copied (time 0). */
export const writtenFiles = (files: readonly ListedFile[], program: Program): readonly ListedFile[] => {
  const copied = new Set(program.files.map(({ path }) => `./${path}`));
  return files.filter(
    ({ name, entryType, modificationTime }) =>
      entryType === "-" && !(copied.has(name) && modificationTime === 0),
  );
};

/** Downloads the first few written files. */
export async function downloadResults(
  api: ApiClient,
  files: readonly ListedFile[],
  options: { readonly runnerId: string; readonly signal: AbortSignal },
): Promise<readonly Result[]> {
  const { runnerId, signal } = options;
  const results: Result[] = [];
  for (const file of files.slice(0, MAX_SHOWN_FILES)) {
    const small = file.size <= MAX_DOWNLOAD;
    results.push({ file, content: small ? await api.download(runnerId, file.name, signal) : undefined });
  }
  return results;
}

/** Shows what was downloaded: names, sizes, and the beginning of texts, safe for a terminal. */
export function showResults(terminal: Terminal, results: readonly Result[], count: number): void {
  for (const { file, content } of results) {
    terminal.say(`  ${Terminal.safe(file.name)}, ${file.size} bytes`);
    if (content === undefined || content.includes(0)) continue;
    const text = content.subarray(0, MAX_SHOWN_BYTES).toString().trimEnd();
    for (const line of text === "" ? [] : text.split("\n")) terminal.say(`    | ${Terminal.safe(line)}`);
    if (content.length > MAX_SHOWN_BYTES) terminal.say("    | …");
  }
  if (count > results.length) terminal.say(`  and ${count - results.length} more`);
}
