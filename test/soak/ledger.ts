/** What was seen in a soak, and what must not have been. */
export class Ledger {
  readonly #counts = new Map<string, number>();
  readonly #owned = new Set<string>();
  /** What went missing: output, files, last messages, runners. Each with words. */
  readonly lost: string[] = [];
  /** What came twice: runners handed out again, last messages. Each with words. */
  readonly twice: string[] = [];

  count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  /** A runner was handed out. */
  claimed(runnerId: string): void {
    this.count("claims");
    if (this.#owned.has(runnerId)) this.twice.push(`runner ${runnerId} was handed out again`);
    this.#owned.add(runnerId);
  }

  /** The figures, one a line. */
  report(more: Readonly<Record<string, string | number>>): string {
    const counts = [...this.#counts].sort(([one], [other]) => one.localeCompare(other));
    const lines = [...counts, ...Object.entries(more)].map(([what, value]) => `  ${what}: ${value}`);
    return [...lines, `  lost: ${this.lost.length}`, `  twice: ${this.twice.length}`].join("\n");
  }
}
