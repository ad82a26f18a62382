import { CertificateFiles } from "./api/http/certificate-files.js";
import { createMetricsServer } from "./api/metrics-server.js";
import { type ApiServer, createApiServer } from "./api/server.js";
import { addGauges, noteServed, type ObservedParts } from "./app-metrics.js";
import { apiOptions, metricsAddress, nomadOptions } from "./app-options.js";
import { stateLines, sumOfFigures } from "./app-state.js";
import type { Config } from "./config/schema.js";
import { EnvironmentManager } from "./environment/manager.js";
import { observedEnvironments } from "./environment/observed-environments.js";
import { TemplateFile } from "./environment/template-file.js";
import { environmentsWithoutNomad, runnersWithoutNomad } from "./environment/without-nomad.js";
import { atMost } from "./lib/at-most.js";
import { isLoopback } from "./lib/is-loopback.js";
import { connectNomad } from "./nomad/connection.js";
import type { RegisterJob } from "./nomad/registration.js";
import type { Job } from "./nomad/wire.js";
import { goOn, type ReachedPoint } from "./runner/crash-points.js";
import { FillProgress } from "./runner/fill-progress.js";
import { RunnerManager } from "./runner/manager.js";
import { observedRunners } from "./runner/observed-runners.js";
import { RefillTimes } from "./runner/refill-times.js";
import { TIMINGS, type Timings } from "./runner/timings.js";
import { createPlainShell } from "./shell/plain/plain-shell.js";
import { Openings } from "./shell/resident/openings.js";
import { createResidentShell } from "./shell/resident/resident-shell.js";
import { Residents } from "./shell/resident/residents.js";
import { Duration } from "./telemetry/duration.js";
import type { Logger } from "./telemetry/logger.js";
import { createMetrics } from "./telemetry/metrics.js";
import type { MetricsSink } from "./telemetry/metrics-sink.js";

/** How long a server on passed sockets lets clients wait for its recovery before it tells them that there is none yet, ms. */
const RECOVERY_FIRST_MS = 10_000;

/** The server as a whole. Both calls are idempotent. */
export interface App {
  /** Resolves once the port listens; the recovery goes on in the background (lifecycle.md, "Start"). */
  start(): Promise<{ readonly address: string; readonly port: number }>;
  /** Stops as lifecycle.md, "Stop", has it: within `server.shutdowntimeout` and a little. Runners stay. */
  stop(): Promise<void>;
  /** Reads the certificates again, the server's own and those for Nomad; what cannot be used is logged and stays as it was. */
  reload(): Promise<void>;
  /** Writes the state of pools, runners, sessions and event stream to the log, without secrets. */
  tellState(): void;
}

/** What an app is made with beside its configuration. */
export interface AppOptions {
  readonly logger: Logger;
  /** Descriptors of listening sockets to take in place of address and port. */
  readonly sockets?: readonly number[];
  /** For tests: called at each crash point. */
  readonly reached?: ReachedPoint;
  /** For tests, which cannot wait for minutes. */
  readonly timings?: Partial<Timings>;
}

/** Composes the server from its configuration; the only place that makes its services. */
export function createApp(config: Config, options: AppOptions): App {
  const { logger, sockets = [], reached = goOn } = options;
  const timings = { ...TIMINGS, ...options.timings };
  const metrics = createMetrics();
  let ready = !config.nomad.enabled;
  const state = { ready: () => ready };
  const ownListener = metricsAddress(config);
  const parts = {
    options: apiOptions(config, sockets),
    state,
    logger,
    ...(ownListener === undefined && { metrics: metrics.text }),
  };
  const metricsServer = ownListener && createMetricsServer({ ...ownListener, metrics: metrics.text });
  const nomad = config.nomad.enabled
    ? composeNomad(config, { logger, reached, timings, metrics })
    : undefined;
  const api: ApiServer = createApiServer({
    ...parts,
    environments: observedEnvironments(nomad?.environments ?? environmentsWithoutNomad, logger),
    runners: observedRunners(nomad?.runners ?? runnersWithoutNomad, { metrics, logger }),
    onServed: (served) => noteServed(metrics, served),
  });
  const { tls, token } = config.server;
  const certificate = tls.active
    ? new CertificateFiles({
        paths: { certFile: tls.certfile, keyFile: tls.keyfile },
        apply: (read) => api.setCertificate(read),
        logger,
      })
    : undefined;
  const observed: ObservedParts = {
    api,
    environments: nomad?.environments ?? environmentsWithoutNomad,
    ready: () => ready && stopped === undefined,
    certificateEnd: () => certificate?.notAfter,
    nomad,
  };
  addGauges(metrics, observed);
  let started: ReturnType<App["start"]> | undefined;
  let stopped: Promise<void> | undefined;

  async function start() {
    await certificate?.start();
    await nomad?.start();
    const recovered = recover();
    // Clients wait in the queue of a passed socket, and are served instead of refused.
    if (sockets.length > 0) await atMost(RECOVERY_FIRST_MS, recovered);
    if (stopped !== undefined) throw new Error("it was stopped before it listened");
    const address = await api.listen();
    if (token === "" && !isLoopback(address.address)) {
      logger.warn("anybody who reaches this server can run commands: it listens without server.token", {
        address: address.address,
      });
    }
    if (metricsServer !== undefined)
      logger.info("listening for metrics", { ...(await metricsServer.listen()) });
    return address;
  }

  /** Resolves when the recovery is done; what the operator should know of this Nomad is said behind it. */
  async function recover() {
    const start = performance.now();
    try {
      await nomad?.recover();
      ready = true;
      const duration = performance.now() - start;
      metrics.observe("stepDuration", { step: "recovery" }, duration);
      if (nomad !== undefined && stopped === undefined) {
        const sum = sumOfFigures(nomad.environments.statistics());
        logger.info("recovered", { ...sum, duration: new Duration(duration) });
      }
      reached("recovery.done");
    } catch (error) {
      logger.error("the recovery failed", { error });
      return;
    }
    void nomad?.checkCompatibility();
  }

  async function stop() {
    certificate?.stop();
    api.beginStop();
    await nomad?.stopWorking();
    reached("stop.working-stopped");
    await api.close({ graceMs: config.server.shutdowntimeout * 1_000 });
    reached("stop.api-closed");
    await nomad?.close();
    metricsServer?.close();
    reached("stop.done");
  }

  return {
    start: () => {
      started ??= start();
      return started;
    },
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
    tellState: () => {
      for (const { message, fields } of stateLines(observed)) logger.info(message, fields);
    },
    reload: async () => {
      await certificate?.reload();
      await nomad?.reload();
    },
  };
}

/** The managers and their connection to Nomad. */
function composeNomad(
  config: Config,
  options: Required<Pick<AppOptions, "logger" | "reached">> & {
    readonly timings: Timings;
    readonly metrics: MetricsSink;
  },
) {
  const { server, nomad: settings } = config;
  const { logger, reached, timings, metrics } = options;
  const nomad = connectNomad(nomadOptions(config), {
    logger,
    snapshotInterval: settings.snapshotinterval * 1_000,
    eventSilence: timings.eventSilence,
    progressInterval: timings.progress,
    onRepairs: (count) => metrics.count("repairs", {}, count),
    metrics,
  });
  const { client, view, exec } = nomad;
  const register: RegisterJob = async (job, how) => {
    const start = performance.now();
    const registered = await nomad.register(job, how);
    metrics.observe("stepDuration", { step: "register" }, performance.now() - start);
    return registered;
  };
  const refills = new RefillTimes(metrics);
  const fills = new FillProgress({
    every: timings.progress,
    isOpen: (pool) => runners.pool(pool.environmentId) === pool,
    logger: logger.child({ package: "runner" }),
  });
  const resident = { residents: new Residents(), openings: new Openings() };
  let base: Job | undefined;
  const runners: RunnerManager = new RunnerManager({
    client,
    view,
    register,
    openShell: ({ clean, ...options }) => {
      const context = { ...options, opener: exec, separateStderr: server.interactivestderr };
      return settings.warm === 0
        ? createPlainShell(context)
        : createResidentShell({ ...context, ...resident }, { clean });
    },
    disableForcePull: settings.disableforcepull,
    warm: settings.warm,
    executionTtl: server.executionttl,
    logger: logger.child({ package: "runner" }),
    reached,
    timings,
    metrics,
    onPoolChange: (pool) => {
      refills.look(pool);
      fills.look(pool);
      environments.poolChanged(pool.environmentId);
    },
  });
  const environments = new EnvironmentManager({
    client,
    view,
    register,
    runners,
    template: () => ({ base, network: settings.network, disableForcePull: settings.disableforcepull }),
    alert: {
      threshold: server.alert.prewarmingpoolthreshold,
      reloadTimeout: server.alert.prewarmingpoolreloadtimeout,
    },
    logger: logger.child({ package: "environment" }),
    reached,
    timings,
  });
  const template = new TemplateFile(server.templatejobfile, { client, logger });
  const stopping = new AbortController();

  return {
    connection: nomad,
    runners,
    environments,
    /** Throws where the configuration points at something wrong. */
    async start() {
      await nomad.start();
      base = await template.tryRead();
    },
    /** Connects, however long that takes, and takes over what is there. */
    async recover() {
      base ??= await template.read({ signal: stopping.signal });
      await view.start();
      reached("recovery.connected");
      if (stopping.signal.aborted) return;
      view.subscribe(runners);
      view.subscribe(environments);
      runners.start();
      environments.recover();
      // The snapshot was taken before anybody listened.
      runners.snapshotTaken();
    },
    /** Reads the certificates for Nomad again. */
    async reload() {
      await nomad.reload().catch((error: unknown) => {
        logger.warn("the certificates for Nomad could not be read again, the old ones stay", { error });
      });
    },
    checkCompatibility: () => nomad.checkCompatibility(),
    /** Nothing works by itself any more, and reservations are given back: a successor may start. Clients are still served. */
    async stopWorking() {
      stopping.abort();
      reached("stop.begun");
      environments.stop();
      await runners.stop();
      fills.stop();
    },
    async close() {
      await runners.close();
      await nomad.stop();
    },
  };
}
