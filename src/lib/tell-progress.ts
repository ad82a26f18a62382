/** Intervals grow to this many times the first. */
const MOST = 32;

/**
 * Calls `tell` while work is under way: after `every` ms, then at intervals that double, so that what never ends does not fill a log. The
 * function that comes back ends it, and says whether it ever told.
 */
export function tellProgress(every: number, tell: () => void): () => boolean {
  let told = false;
  let interval = every;
  let timer = setTimeout(again, every);
  timer.unref();
  function again(): void {
    told = true;
    interval = Math.min(2 * interval, MOST * every);
    timer = setTimeout(again, interval);
    timer.unref();
    tell();
  }
  return () => {
    clearTimeout(timer);
    return told;
  };
}
