import { rmdirSync } from "node:fs";

const RETRIES = 200;
const RETRY_MS = 10;

/** Removes control groups, each of them empty but perhaps for processes that are just ending; gives up on one after two seconds. */
export async function removeFolders(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    for (let attempt = 0; attempt < RETRIES; attempt += 1) {
      if (removed(folder)) break;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** False when processes are still in it. */
export function removed(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "EBUSY";
  }
}
