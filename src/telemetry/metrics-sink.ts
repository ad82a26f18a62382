import type { COUNTERS, GAUGES, HISTOGRAMS } from "./metrics/definitions.js";

type Counters = typeof COUNTERS;
type Histograms = typeof HISTOGRAMS;
type Gauges = typeof GAUGES;

/** The labels of a metric, each with its value. */
export type LabelsOf<Definition extends { readonly labels: readonly string[] }> = {
  readonly [Label in Definition["labels"][number]]: string;
};

/** One value of a gauge. */
export type GaugeValue<Name extends keyof Gauges> = readonly [labels: LabelsOf<Gauges[Name]>, value: number];

/** Where the server's parts tell what happened; names and labels are those of metrics/definitions.ts. */
export interface MetricsSink {
  /** Counts once, or `by`. */
  count<Name extends keyof Counters>(name: Name, labels: LabelsOf<Counters[Name]>, by?: number): void;
  /** Notes how long something took. */
  observe<Name extends keyof Histograms>(
    name: Name,
    labels: LabelsOf<Histograms[Name]>,
    milliseconds: number,
  ): void;
}

/** Takes everything and keeps nothing, for callers that have no metrics. */
export const noMetrics: MetricsSink = { count: () => undefined, observe: () => undefined };
