const UNITS = [
  [1e9, "s"],
  [1e6, "ms"],
  [1e3, "µs"],
  [1, "ns"],
] as const;

/** A length of time in a log line: text lines show it as `1.2ms`, JSON lines as a number of nanoseconds (configuration.md). */
export class Duration {
  readonly nanoseconds: number;

  constructor(milliseconds: number) {
    this.nanoseconds = Math.max(0, Math.round(milliseconds * 1e6));
  }

  /** As Go writes it: `950ns`, `1.5µs`, `1.234567ms`, `1m2.5s`, `1h0m3s`. */
  toString(): string {
    if (this.nanoseconds >= 60e9) return long(this.nanoseconds);
    const [size, unit] = UNITS.find(([size]) => this.nanoseconds >= size) ?? [1e9, "s"];
    return `${this.nanoseconds / size}${unit}`;
  }

  toJSON(): number {
    return this.nanoseconds;
  }
}

function long(nanoseconds: number): string {
  const minutes = Math.floor(nanoseconds / 60e9);
  const seconds = (nanoseconds - minutes * 60e9) / 1e9;
  const hours = Math.floor(minutes / 60);
  return hours > 0 ? `${hours}h${minutes % 60}m${seconds}s` : `${minutes}m${seconds}s`;
}
