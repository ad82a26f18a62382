import { readFileSync } from "node:fs";

/** How often it is looked whether npm still lives, ms: the kernel tells it only to npm's own parent. */
const LOOK_MS = 500;
/** npm starts a script by a shell, which starts us. */
const MOST_BETWEEN = 3;

/** The npm that runs this process, as far as there is one. */
export interface NpmWatch {
  /** Aborted, with the reason `SIGHUP`, when npm or what it started us by is gone. */
  readonly gone: AbortSignal;
  stop(): void;
}

/**
 * Watches the npm of `npm run demo`. A Ctrl-C reaches us as well, but when npm itself is killed its scripts go on without anybody who could end them. Nobody is
 * watched where npm did not start us: a process whose shell has ended may be meant to go on.
 */
export function watchNpm(environment: Readonly<Record<string, string | undefined>>): NpmWatch {
  const gone = new AbortController();
  const link = environment.npm_lifecycle_event === undefined ? undefined : linkToNpm();
  const timer = setInterval(() => {
    if (link === undefined || parentOf(link.child) === link.npm) return;
    clearInterval(timer);
    gone.abort("SIGHUP");
  }, LOOK_MS);
  timer.unref();
  if (link === undefined) clearInterval(timer);
  return { gone: gone.signal, stop: () => clearInterval(timer) };
}

/** npm, and its child that is this process or an ancestor of it. A dead process's children have another parent at once. */
function linkToNpm(): { readonly npm: number; readonly child: number } | undefined {
  let child = process.pid;
  for (let step = 0; step < MOST_BETWEEN; step += 1) {
    const parent = parentOf(child);
    if (parent === undefined) return undefined;
    if (isNpm(parent)) return { npm: parent, child };
    child = parent;
  }
  return undefined;
}

/** npm calls itself `npm run demo`, or is a script that node runs. */
function isNpm(pid: number): boolean {
  const [program = "", script = ""] = read(`/proc/${pid}/cmdline`)?.split("\0") ?? [];
  return /^npm( |$)/.test(program) || /(^|\/)npm(-cli\.js)?$/.test(script);
}

function parentOf(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}
