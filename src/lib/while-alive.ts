import { atMost } from "./at-most.js";

/** When to stop waiting. */
export interface WhileAliveOptions {
  /** Without a sign of life for this time, ms. */
  readonly silence: number;
  /** In any case, ms. */
  readonly longest: number;
  /** When the last sign of life was, by `performance.now()`. The beginning counts as one. */
  readonly lastSign: () => number;
}

/**
 * What `promise` gives, or undefined when whoever works on it falls silent; what it does later goes unheard. Rejects as the promise does. So a long queue
 * at somebody who is busy is waited for, and somebody who does not answer is not.
 */
export async function whileAlive<T>(promise: Promise<T>, options: WhileAliveOptions): Promise<T | undefined> {
  const { silence, longest, lastSign } = options;
  const start = performance.now();
  for (;;) {
    const end = Math.min(start + longest, Math.max(start, lastSign()) + silence);
    const left = end - performance.now();
    if (left <= 0) return undefined;
    const result = await atMost(Math.ceil(left), promise);
    if (result !== undefined) return result;
  }
}
