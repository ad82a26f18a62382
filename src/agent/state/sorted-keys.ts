/** Keys in order, sorted again only after they changed: lists are read page by page. */
export class SortedKeys {
  readonly #keys = new Set<string>();
  #sorted: readonly string[] | undefined;

  add(key: string): void {
    if (this.#keys.has(key)) return;
    this.#keys.add(key);
    this.#sorted = undefined;
  }

  delete(key: string): void {
    if (this.#keys.delete(key)) this.#sorted = undefined;
  }

  /** In the order of their UTF-16 units, which is Nomad's byte order for the ASCII that ids are. */
  sorted(): readonly string[] {
    this.#sorted ??= [...this.#keys].sort();
    return this.#sorted;
  }

  /** Those that start with `prefix`, found by binary search. */
  withPrefix(prefix: string): readonly string[] {
    const sorted = this.sorted();
    if (prefix === "") return sorted;
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle] as string) < prefix) low = middle + 1;
      else high = middle;
    }
    let end = low;
    while (end < sorted.length && (sorted[end] as string).startsWith(prefix)) end++;
    return sorted.slice(low, end);
  }
}
