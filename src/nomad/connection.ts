import { Semaphore } from "../lib/semaphore.js";
import type { Logger } from "../telemetry/logger.js";
import { type MetricsSink, noMetrics } from "../telemetry/metrics-sink.js";
import { NomadClient } from "./client.js";
import { ClusterView } from "./cluster-view.js";
import { compatibilityWarnings } from "./compatibility.js";
import { ConnectionLimiters } from "./connection-limiters.js";
import { EvaluationWaiters } from "./evaluation-waiters.js";
import { openEventStream } from "./event-stream.js";
import type { ExecOpener } from "./exec.js";
import { NomadExecOpener } from "./exec-opener.js";
import { measuredOpener } from "./measured.js";
import type { NomadOptions } from "./options.js";
import { type RegisterJob, registerAndAwait } from "./registration.js";
import { NomadTransport } from "./transport.js";

/**
 * Runners registered side by side: enough for all connections, and so few that none of them, nor a mark that comes behind them, waits for a
 * connection as long as a call may take.
 */
const REGISTRATIONS_AT_ONCE = 32;

/** All that speaks to one Nomad, wired up. */
export interface NomadConnection {
  readonly client: NomadClient;
  readonly view: ClusterView;
  readonly exec: ExecOpener;
  readonly register: RegisterJob;
  /** Exec sessions: how many are open, and how many more the fullest address has room for. */
  execUsage(): { readonly open: number; readonly room: number };
  /** Reads the certificates. The view is started apart, since it waits for Nomad. */
  start(): Promise<void>;
  /** Reads the certificates again for connections to come; rejects when one cannot be read, then the old ones stay. */
  reload(): Promise<void>;
  /** Logs what an operator should know about this Nomad; what cannot be asked is not judged. */
  checkCompatibility(): Promise<void>;
  stop(): Promise<void>;
}

/** Wires the parts of the Nomad client. `snapshotInterval` in ms. */
export function connectNomad(
  options: NomadOptions,
  parts: {
    readonly logger: Logger;
    readonly snapshotInterval: number;
    /** So long without a byte is a dead event stream, ms. */
    readonly eventSilence: number;
    /** Long work is told of, ms. */
    readonly progressInterval: number;
    readonly onRepairs?: (count: number) => void;
    readonly metrics?: MetricsSink;
  },
): NomadConnection {
  const logger = parts.logger.child({ package: "nomad" });
  const { metrics = noMetrics } = parts;
  const transport = new NomadTransport(options, { metrics });
  const client = new NomadClient(transport);
  const evaluations = new EvaluationWaiters({ client, logger });
  const limiters = new ConnectionLimiters({ server: transport.endpoint, connections: options.connections });
  const exec = new NomadExecOpener({ transport, client, limiters, logger });
  const view = new ClusterView({
    ...parts,
    client,
    evaluations,
    logger,
    openEvents: ({ index, signal }) =>
      openEventStream(transport, { index, signal, logger, silence: parts.eventSilence }),
  });
  // What was registered is there, also while its event is late or lost: a snapshot taken before must not count it as missing.
  const noting: Pick<NomadClient, "registerJob"> = {
    async registerJob(job, how) {
      const registered = await client.registerJob(job, how);
      view.noteRegistered(job, registered.jobModifyIndex);
      return registered;
    },
  };
  const room = new Semaphore(REGISTRATIONS_AT_ONCE);
  return {
    client,
    view,
    exec: measuredOpener(exec, metrics),
    execUsage: () => limiters.sum(),
    register: (job, { urgent = false, ...how }) =>
      registerAndAwait(noting, evaluations, job, {
        logger,
        ...how,
        ...(!urgent && { queue: (call) => room.run(call) }),
      }),
    start: () => transport.start(),
    reload: () => transport.reload(),
    async checkCompatibility() {
      const [agent, scheduler] = await Promise.all([
        client.agentSelf().catch(() => undefined),
        client.schedulerConfiguration().catch(() => undefined),
      ]);
      for (const warning of compatibilityWarnings({ agent, scheduler })) logger.warn(warning);
    },
    async stop() {
      await view.stop();
      exec.stop();
      await transport.stop();
    },
  };
}
