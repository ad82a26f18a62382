/** One value of a metrics page. */
export interface MetricSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: \d+)?$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** Reads Prometheus' text format as far as counters and gauges need it; other lines are skipped. */
export function parseMetrics(text: string): MetricSample[] {
  return text.split("\n").flatMap((line) => {
    const [, name, labels = "", value] = LINE.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(LABEL)].map(
      ([, label = "", content = ""]) => [label, content] as const,
    );
    return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
  });
}

/** How many executions took which path. */
export type PathCounts = Readonly<Record<string, number>>;

/** The server's counter of executions by path (`path="fast"`, `path="plain"`); undefined where it has none. */
export function executionPaths(samples: readonly MetricSample[]): PathCounts | undefined {
  const counts: Record<string, number> = {};
  for (const { name, labels, value } of samples) {
    const { path } = labels;
    if (path === undefined || name !== "poseidon_executions_total") continue;
    counts[path] = (counts[path] ?? 0) + value;
  }
  return Object.keys(counts).length === 0 ? undefined : counts;
}

/** What was counted between two looks. */
export function pathsBetween(
  before: PathCounts | undefined,
  after: PathCounts | undefined,
): PathCounts | undefined {
  if (after === undefined) return undefined;
  const entries = Object.entries(after).map(
    ([path, count]) => [path, count - (before?.[path] ?? 0)] as const,
  );
  return Object.fromEntries(entries.filter(([, count]) => count > 0));
}

/** The mean of what a histogram was given between two looks; NaN when that was nothing. */
export function meanBetween(
  name: string,
  before: readonly MetricSample[],
  after: readonly MetricSample[],
): number {
  const sum = (samples: readonly MetricSample[], suffix: string): number =>
    samples.filter((sample) => sample.name === name + suffix).reduce((all, { value }) => all + value, 0);
  const count = sum(after, "_count") - sum(before, "_count");
  return count > 0 ? (sum(after, "_sum") - sum(before, "_sum")) / count : Number.NaN;
}

/** How often the timer behind Node's own figures of the event loop fires in the server, ms; its delay contains that. */
const LOOP_RESOLUTION_MS = 10;

/** The event loop's delay since the last look, ms. */
export interface LoopDelay {
  readonly p99: number;
  readonly max: number;
}

/** The delay of the server's event loop since the last time the page was read; undefined where the page does not tell. */
export function loopDelay(samples: readonly MetricSample[]): LoopDelay | undefined {
  const delay = (name: string): number | undefined => {
    const found = samples.find((sample) => sample.name === name)?.value;
    return found === undefined ? undefined : Math.max(0, found * 1_000 - LOOP_RESOLUTION_MS);
  };
  const p99 = delay("nodejs_eventloop_lag_p99_seconds");
  const max = delay("nodejs_eventloop_lag_max_seconds");
  return p99 === undefined || max === undefined ? undefined : { p99, max };
}
