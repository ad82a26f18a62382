import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** How often the process is looked at, ms. */
const LOOK_MS = 2_000;

/** It has nothing to do when it takes less than this share of a processor, */
const IDLE_SHARE = 0.03;

/** for so many looks in a row: V8 gives the space of new objects back only when few were made for some seconds. */
const IDLE_LOOKS = 3;

/** Memory that has to be there to win, bytes. */
const WORTH_IT = 16 * 1024 * 1024;

/** What the collector looks at and does; for tests. */
export interface ProcessMemory {
  /** Resident memory, bytes. */
  rss(): number;
  /** Processor time of the process so far, ms. */
  cpuMs(): number;
  /** Collects all garbage. */
  collect(): void;
}

/**
 * Gives memory back after a rush: V8 keeps what its heap once grew to, and much that is dead, until there is more work, and none comes. A
 * collection of everything takes 20 ms and up; it happens once, when the process has had nothing to do for some seconds.
 */
export class IdleCollector {
  readonly #memory: ProcessMemory;
  #timer: NodeJS.Timeout | undefined;
  #cpuMs = 0;
  #idleLooks = 0;
  /** What was left by the last collection, bytes. */
  #floor = 0;

  constructor(memory: ProcessMemory = ownProcess()) {
    this.#memory = memory;
  }

  /** Idempotent. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#cpuMs = this.#memory.cpuMs();
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  /** Idempotent. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const before = this.#cpuMs;
    this.#cpuMs = this.#memory.cpuMs();
    this.#idleLooks = this.#cpuMs - before < IDLE_SHARE * LOOK_MS ? this.#idleLooks + 1 : 0;
    if (this.#idleLooks < IDLE_LOOKS || this.#memory.rss() < this.#floor + WORTH_IT) return;
    this.#memory.collect();
    this.#floor = this.#memory.rss();
    // Its own time is no work.
    this.#cpuMs = this.#memory.cpuMs();
  }
}

function ownProcess(): ProcessMemory {
  return {
    rss: () => process.memoryUsage.rss(),
    cpuMs: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000;
    },
    collect: exposedCollector(),
  };
}

/** V8's own collector, which it shows only to contexts made with this flag. */
function exposedCollector(): () => void {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  setFlagsFromString("--no-expose-gc");
  return () => collect();
}
