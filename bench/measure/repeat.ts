/** How often and how long a step is repeated. */
export interface Bounds {
  /** Repetitions wanted. */
  readonly repetitions: number;
  /** No further repetition begins after this time, ms. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/** What a step measured: the samples, and what went wrong beside them. A failed repetition has no sample. */
export interface Samples {
  readonly values: readonly number[];
  /** The words of the first failures; `failed` counts all. */
  readonly failures: readonly string[];
  readonly failed: number;
}

/** Words that are kept of a step's failures. */
const MOST_WORDS = 3;

/** Repeats a measurement one after the other within its bounds. `once` gives one sample, or throws for a wrong result. */
export async function repeat(once: () => Promise<number>, bounds: Bounds): Promise<Samples> {
  const end = performance.now() + bounds.limitMs;
  const values: number[] = [];
  const failures: string[] = [];
  let failed = 0;
  while (values.length + failed < bounds.repetitions && performance.now() < end) {
    bounds.signal.throwIfAborted();
    try {
      values.push(await once());
    } catch (error) {
      bounds.signal.throwIfAborted();
      failed += 1;
      if (failures.length < MOST_WORDS) failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  return { values, failures, failed };
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
