/** How long nothing new is begun for a pool after a claim, ms. */
const QUIET_MS = 50;
/** However many claims come, what waits goes on after this time, ms. */
const LONGEST_MS = 150;

interface Waiting {
  readonly work: () => void;
  readonly since: number;
  timer: NodeJS.Timeout;
}

/**
 * A client that got a runner comes back at once, with files and a command. What a claim makes necessary in the background (another runner, the next
 * reservation and its warm sessions) takes whole processors for a moment, and starts a moment later.
 */
export class Lull<Key extends object> {
  readonly #claimedAt = new WeakMap<Key, number>();
  readonly #waiting = new Map<Key, Waiting>();

  /** A runner was handed out. */
  begin(key: Key): void {
    const now = performance.now();
    this.#claimedAt.set(key, now);
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) return;
    clearTimeout(waiting.timer);
    const left = Math.min(QUIET_MS, waiting.since + LONGEST_MS - now);
    waiting.timer = this.#timer(key, left);
  }

  /** Does `work` when the lull of `key` is over, at once when there is none. What waits already for `key` is enough: it does the same. */
  after(key: Key, work: () => void): void {
    if (this.#waiting.has(key)) return;
    const now = performance.now();
    const left = (this.#claimedAt.get(key) ?? Number.NEGATIVE_INFINITY) + QUIET_MS - now;
    if (left > 0) this.#waiting.set(key, { work, since: now, timer: this.#timer(key, left) });
    else work();
  }

  /** There is no time for a lull. What waits is forgotten: whoever says so asks for it again at once. */
  end(key: Key): void {
    this.#claimedAt.delete(key);
    clearTimeout(this.#waiting.get(key)?.timer);
    this.#waiting.delete(key);
  }

  #timer(key: Key, ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      const work = this.#waiting.get(key)?.work;
      this.end(key);
      work?.();
    }, ms).unref();
  }
}
