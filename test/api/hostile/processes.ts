import { readdir, readFile } from "node:fs/promises";

/** The state letters of this machine's processes whose command line holds `mark`, zombies left out: a reaper may be late. */
export async function processesWith(mark: string): Promise<string[]> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(ids.map((id) => stateOf(id, mark)));
  return found.filter((state) => state !== undefined && state !== "Z").map(String);
}

async function stateOf(id: string, mark: string): Promise<string | undefined> {
  try {
    if (!(await readFile(`/proc/${id}/cmdline`, "utf8")).includes(mark)) return undefined;
    return (await readFile(`/proc/${id}/stat`, "utf8")).replace(/^.*\) /s, "")[0];
  } catch {
    // It ended meanwhile.
    return undefined;
  }
}
