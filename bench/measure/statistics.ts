/** What is said of a row of repeated measurements. */
export interface Summary {
  readonly count: number;
  readonly median: number;
  /** The 95th percentile; for a rate, where more is better, the 5th. */
  readonly p95: number;
}

/**
 * The value below which `share` (0 to 1) of the samples lie, interpolated between the two nearest ranks; NaN without samples.
 * The samples need not be sorted.
 */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((one, other) => one - other);
  const rank = share * (sorted.length - 1);
  const below = sorted[Math.floor(rank)];
  const above = sorted[Math.ceil(rank)];
  if (below === undefined || above === undefined) return Number.NaN;
  return below + (above - below) * (rank - Math.floor(rank));
}

/** Median and the bad end of the samples. `better`: which way a value is good. */
export function summarize(
  samples: readonly number[],
  { better = "less" }: { readonly better?: "less" | "more" } = {},
): Summary {
  return {
    count: samples.length,
    median: percentile(samples, 0.5),
    p95: percentile(samples, better === "less" ? 0.95 : 0.05),
  };
}

/** How often `baseline` goes into `value`; undefined where there is no baseline. */
export function ratio(value: number, baseline: number | undefined): number | undefined {
  return baseline === undefined || !(baseline > 0) || Number.isNaN(value) ? undefined : value / baseline;
}

/**
 * How a cost grows with size: the exponent of the power law through both points (1 = linear, 0 = constant). NaN where one is not
 * positive.
 */
export function growth(
  from: { readonly size: number; readonly value: number },
  to: { readonly size: number; readonly value: number },
): number {
  if (!(from.value > 0 && to.value > 0)) return Number.NaN;
  return Math.log(to.value / from.value) / Math.log(to.size / from.size);
}
