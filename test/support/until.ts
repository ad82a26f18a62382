/** How often a condition is looked at where nothing else is said, ms. */
const PERIOD_MS = 10;

/**
 * Resolves with what `look` gives as soon as that is something (not undefined, not false). Rejects after `within` ms, with the last error or
 * with what was waited for.
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  { within = 10_000, every = PERIOD_MS }: { readonly within?: number; readonly every?: number } = {},
): Promise<T> {
  const end = performance.now() + within;
  let seen: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      seen = found;
    } catch (error) {
      seen = error;
    }
    if (performance.now() > end) throw new Error(`${what}: not within ${within} ms`, { cause: seen });
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}
