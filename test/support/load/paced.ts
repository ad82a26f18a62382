/** Calls that are made at a rate, whatever became of the ones before. */
export interface Paced {
  /** How many have ended well. */
  readonly done: number;
  /** How many are under way. */
  readonly underWay: number;
  /** How many were due, but were not made: too many were under way, or none was allowed. */
  readonly skipped: number;
  /** What went wrong, a text for each call that failed. */
  readonly failures: readonly string[];
  /** Makes no more calls; resolves with how many ended well per second, once none is under way. */
  stop(): Promise<number>;
}

/** How often it is looked at what is due, ms. */
const TICK_MS = 10;

/** Makes `call` `rate` times a second, at most `most` of them at a time, while `allowed`. */
export function paced(
  options: { readonly rate: number; readonly most: number; readonly allowed?: () => boolean },
  call: () => Promise<void>,
): Paced {
  const { rate, most, allowed = () => true } = options;
  const begin = performance.now();
  const running = new Set<Promise<void>>();
  const failures: string[] = [];
  let [due, done, skipped] = [0, 0, 0];
  const one = async (): Promise<void> => {
    try {
      await call();
      done += 1;
    } catch (error) {
      failures.push(String(error));
    }
  };
  const tick = (): void => {
    for (const until = ((performance.now() - begin) * rate) / 1_000; due < until; due += 1) {
      if (running.size >= most || !allowed()) skipped += 1;
      else {
        const promise = one().finally(() => running.delete(promise));
        running.add(promise);
      }
    }
  };
  // Behind a look at the sockets: a connection that the server has ended meanwhile is not used again, however long this process was held up.
  const timer = setInterval(() => setImmediate(tick), TICK_MS);
  return {
    get done() {
      return done;
    },
    get underWay() {
      return running.size;
    },
    get skipped() {
      return skipped;
    },
    failures,
    async stop() {
      clearInterval(timer);
      const seconds = (performance.now() - begin) / 1_000;
      await Promise.all(running);
      return done / seconds;
    },
  };
}
