import { Counter, collectDefaultMetrics, Registry } from "prom-client";

/** The server's metrics, in Prometheus' conventions. */
export interface Metrics {
  /** The text of `/metrics`. */
  text(): Promise<{ readonly contentType: string; readonly body: string }>;
  /** Counts differences that a snapshot repaired although events should have told them (nomad.md); they should be zero. */
  repairs(count: number): void;
}

/** Makes the metrics of one server; each has a registry of its own, so that several can live in one process. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const repairs = new Counter({
    name: "poseidon_nomad_snapshot_repairs_total",
    help: "Differences between Nomad and what its events had told, found and repaired by snapshots",
    registers: [registry],
  });
  return {
    text: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
    repairs: (count) => repairs.inc(count),
  };
}
