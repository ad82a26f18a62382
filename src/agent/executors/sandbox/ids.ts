import { execFile } from "node:child_process";
import { randomInt } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { promisify } from "node:util";
import { isInstalled } from "../install-bubblewrap.js";
import type { IdMapping } from "./enter.js";

const run = promisify(execFile);

/** Ids below and above are given to other things: systemd's containers end at 0x6fffffff, signed 32 bit at 0x7fffffff. */
const FIRST_BASE = 0x70000000;
const RANGE = 65536;
const RANGES = (0x7fff0000 - FIRST_BASE) / RANGE;

/** The first range of subordinate ids of a user in `/etc/subuid` or `/etc/subgid`; undefined without 65535 of them. */
export function subordinateRange(
  text: string,
  user: { readonly name: string; readonly id: number },
): number | undefined {
  for (const line of text.split("\n")) {
    const [name, first, count] = line.split(":");
    if (name !== user.name && name !== String(user.id)) continue;
    if (Number(count) >= RANGE - 1 && Number(first) > 0) return Number(first);
  }
  return undefined;
}

/** The mappings that this process may hope for, best first; a probe decides. */
export function possibleMappings(): readonly IdMapping[] {
  const single: IdMapping = { kind: "single" };
  const user = userInfo();
  if (user.uid === 0) return [{ kind: "range", base: FIRST_BASE + randomInt(RANGES) * RANGE }, single];
  const uids = subordinateRange(contents("/etc/subuid"), { name: user.username, id: user.uid });
  const gids = subordinateRange(contents("/etc/subgid"), { name: user.username, id: user.uid });
  const helpers = isInstalled("newuidmap") && isInstalled("newgidmap");
  if (uids === undefined || gids === undefined || !helpers) return [single];
  return [{ kind: "subordinate", uids, gids, uid: user.uid, gid: user.gid }, single];
}

/** The mapping for the next sandbox after one with `ids`: with root a range of its own. */
export function nextMapping(ids: IdMapping): IdMapping {
  if (ids.kind !== "range") return ids;
  const index = (ids.base - FIRST_BASE) / RANGE;
  return { kind: "range", base: FIRST_BASE + ((index + 1) % RANGES) * RANGE };
}

/** Writes the id maps of the process `pid`, which waits for them in a new user namespace. Rejects when they are refused. */
export async function writeMaps(pid: number, ids: IdMapping): Promise<void> {
  if (ids.kind === "range") {
    writeFileSync(`/proc/${pid}/uid_map`, `0 ${ids.base} ${RANGE}`);
    writeFileSync(`/proc/${pid}/gid_map`, `0 ${ids.base} ${RANGE}`);
  } else if (ids.kind === "subordinate") {
    const map = (first: number, id: number) => [
      String(pid),
      "0",
      String(id),
      "1",
      "1",
      String(first),
      String(RANGE - 1),
    ];
    await Promise.all([
      run("newuidmap", map(ids.uids, ids.uid), { timeout: 5000 }),
      run("newgidmap", map(ids.gids, ids.gid), { timeout: 5000 }),
    ]);
  }
}

function contents(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
