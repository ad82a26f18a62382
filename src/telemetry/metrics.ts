import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { COUNTERS, GAUGES, HISTOGRAMS } from "./metrics/definitions.js";
import type { GaugeValue, MetricsSink } from "./metrics-sink.js";

/** The server's metrics, in Prometheus' conventions. */
export interface Metrics extends MetricsSink {
  /** The text of `/metrics`. */
  text(): Promise<{ readonly contentType: string; readonly body: string }>;
  /** Has a gauge read at each scrape; nothing is shown of it before. */
  gauge<Name extends keyof typeof GAUGES>(name: Name, read: () => Iterable<GaugeValue<Name>>): void;
}

/** Makes the metrics of one server; each has a registry of its own, so that several can live in one process. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const counters = mapValues(
    COUNTERS,
    ({ name, help, labels }) => new Counter({ name, help, labelNames: labels, registers }),
  );
  const histograms = mapValues(
    HISTOGRAMS,
    ({ name, help, labels, buckets }) =>
      new Histogram({ name, help, labelNames: labels, buckets: [...buckets], registers }),
  );
  return {
    text: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
    count: (name, labels, by) => counters[name].inc(labels as Record<string, string>, by),
    observe: (name, labels, milliseconds) =>
      histograms[name].observe(labels as Record<string, string>, milliseconds / 1_000),
    gauge: (name, read) => {
      const { help, labels, name: exposed } = GAUGES[name];
      new Gauge({
        name: exposed,
        help,
        labelNames: labels as readonly string[],
        registers,
        collect() {
          this.reset();
          // Without labels that leaves a 0, which may mean something else than nothing.
          if (labels.length === 0) this.remove();
          for (const [values, value] of read()) this.set(values as Record<string, string>, value);
        },
      });
    },
  };
}

function mapValues<Key extends string, From, To>(
  table: Readonly<Record<Key, From>>,
  make: (definition: From) => To,
): Record<Key, To> {
  const entries = Object.entries<From>(table).map(([key, definition]) => [key, make(definition)]);
  return Object.fromEntries(entries) as Record<Key, To>;
}
