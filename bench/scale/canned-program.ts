import type { CannedProcess } from "./canned-process.js";

const FLOOD = Buffer.alloc(16 * 1024, "x");
/** Chunks that a flood prints in one turn of the event loop. */
const FLOOD_CHUNKS = 4;

/**
 * Runs one of the bench's commands: `tick COUNT MS` prints COUNT lines, each the time in ms since 1970, every MS from now on; `flood` prints until nobody reads
 * any more; everything else ends at once. `onEnd` is given the exit code.
 */
export function runCanned(process: CannedProcess, command: string, onEnd: (code: number) => void): void {
  const [program, count, period] = command.split(" ");
  if (program === "tick") tick(process, { count: Number(count), period: Number(period), onEnd });
  else if (program === "flood") flood(process);
  else onEnd(0);
}

function tick(
  process: CannedProcess,
  options: { readonly count: number; readonly period: number; readonly onEnd: (code: number) => void },
): void {
  let left = options.count;
  const print = (): void => {
    process.print(`${Date.now()}\r\n`);
    left -= 1;
    if (left > 0) return;
    clearInterval(timer);
    options.onEnd(0);
  };
  const timer = setInterval(print, options.period);
  process.onOver = () => clearInterval(timer);
  print();
}

function flood(process: CannedProcess): void {
  const go = (): void => {
    for (let chunk = 0; chunk < FLOOD_CHUNKS && !process.paused && !process.over; chunk += 1) {
      process.print(FLOOD);
    }
    if (!process.paused && !process.over) setImmediate(go);
  };
  process.onResume = () => setImmediate(go);
  go();
}
