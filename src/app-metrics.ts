import type { ServedRequest } from "./api/options.js";
import type { ApiServer } from "./api/server.js";
import { buildVersion } from "./config/build-version.js";
import type { EnvironmentService } from "./environment/service.js";
import type { NomadConnection } from "./nomad/connection.js";
import type { RunnerManager } from "./runner/manager.js";
import type { Metrics } from "./telemetry/metrics.js";
import type { MetricsSink } from "./telemetry/metrics-sink.js";

/** What the gauges are read from. */
export interface ObservedParts {
  readonly api: ApiServer;
  readonly environments: EnvironmentService;
  readonly ready: () => boolean;
  readonly certificateEnd: () => Date | undefined;
  /** Undefined with `nomad.enabled: false`. */
  readonly nomad:
    | { readonly connection: Pick<NomadConnection, "view" | "execUsage">; readonly runners: RunnerManager }
    | undefined;
}

/** Has every gauge read at each scrape, in time that grows with the environments alone. */
export function addGauges(metrics: Metrics, parts: ObservedParts): void {
  const { api, environments, ready, certificateEnd, nomad } = parts;
  metrics.gauge("buildInfo", () => [[{ version: buildVersion().version }, 1]]);
  metrics.gauge("ready", () => [[{}, ready() ? 1 : 0]]);
  metrics.gauge("executionsRunning", () => [[{}, api.openExecutions]]);
  metrics.gauge("httpUnderWay", () => [[{}, api.requestsUnderWay]]);
  metrics.gauge("certificateEnd", () => {
    const end = certificateEnd();
    return end === undefined ? [] : [[{}, end.getTime() / 1_000]];
  });
  metrics.gauge("poolSize", () =>
    environments
      .statistics()
      .map(({ id, prewarmingPoolSize }) => [{ environment_id: String(id) }, prewarmingPoolSize]),
  );
  metrics.gauge("poolRunners", () =>
    environments.statistics().flatMap(({ id, idleRunners, startingRunners, usedRunners }) => {
      const states = {
        idle: idleRunners,
        reserved: nomad?.runners.pool(id)?.reservedCount ?? 0,
        starting: startingRunners,
        used: usedRunners,
      };
      return Object.entries(states).map(
        ([state, count]) => [{ environment_id: String(id), state }, count] as const,
      );
    }),
  );
  if (nomad === undefined) return;
  const { view, execUsage } = nomad.connection;
  metrics.gauge("streamConnected", () => [[{}, view.connected ? 1 : 0]]);
  metrics.gauge("lastFrame", () => [[{}, view.lastFrameAt / 1_000]]);
  metrics.gauge("execOpen", () => [[{}, execUsage().open]]);
  metrics.gauge("execRoom", () => [[{}, execUsage().room]]);
}

/** Counts and measures a request of a known route. */
export function noteServed(metrics: MetricsSink, served: ServedRequest): void {
  const { route, method, status, durationMs, requestSize } = served;
  metrics.count("httpRequests", { route, method, code: String(status) });
  metrics.observe("httpDuration", { route }, durationMs);
  metrics.count("httpRequestBytes", { route }, requestSize);
}
