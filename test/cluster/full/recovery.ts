/** How long each fault of the run took to be over, for the printed table. */
export class Recoveries {
  readonly #rows: string[] = [];

  /** Measures how long `work` takes and notes it. */
  async measure<T>(what: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const result = await work();
    this.note(what, `${((performance.now() - start) / 1_000).toFixed(2)} s`);
    return result;
  }

  note(what: string, figure: string): void {
    this.#rows.push(`  ${figure.padStart(10)}  ${what}`);
  }

  print(title: string): void {
    console.info([title, ...this.#rows].join("\n"));
  }
}
