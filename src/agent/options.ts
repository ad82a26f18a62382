import type { Logger } from "../telemetry/logger.js";
import type { Executor } from "./executor.js";

/** What the one node of the agent can hold. CPU in MHz, memory in MB of 2^20 bytes. */
export interface NodeCapacity {
  readonly cpu: number;
  readonly memory: number;
}

/** How to make an embedded agent (agent.md). */
export interface AgentOptions {
  /** What runs the tasks. The agent closes it when it stops. */
  readonly executor: Executor;
  /** Every request must carry it in `X-Nomad-Token`. Never empty. */
  readonly token: string;
  readonly logger: Logger;
  /** 0 takes a free one. */
  readonly port?: number;
  /** A loopback address; anything else is refused. */
  readonly address?: "127.0.0.1" | "::1";
  readonly datacenter?: string;
  readonly nodeName?: string;
  readonly nodeCapacity?: NodeCapacity;
  /** Namespaces beside `default`. Nomad refuses jobs in any other. */
  readonly namespaces?: readonly string[];
  /** Adds the fault injection route (`/v1/faults`). For tests only. */
  readonly faults?: boolean;
  /** Nomad's late look at the end of an exec (every 100 ms) and the output it loses then (nomad.md). */
  readonly emulateExecTruncation?: boolean;
  /** Multiplies the delays of restart and reschedule policies, so that tests need not wait for minutes. */
  readonly delayScale?: number;
  /** Frames of events that are kept for replay; Nomad's default is 100. */
  readonly eventBufferSize?: number;
  /** Between two heartbeats of the event stream, milliseconds. Nomad's is 30 s. */
  readonly heartbeatInterval?: number;
  /** How long ended evaluations and allocations of living jobs are kept, milliseconds. Nomad's is an hour. */
  readonly collectAfter?: number;
}

/** The options with every default filled in. */
export type AgentSettings = Readonly<Required<AgentOptions>>;

/**
 * Fills in the defaults.
 * @throws Error on an empty token, an address that is not loopback, or numbers that make no sense.
 */
export function completeOptions(options: AgentOptions): AgentSettings {
  const settings: AgentSettings = {
    port: 0,
    address: "127.0.0.1",
    datacenter: "dc1",
    nodeName: "node1",
    nodeCapacity: { cpu: 100_000, memory: 1_000_000 },
    namespaces: [],
    faults: false,
    emulateExecTruncation: false,
    delayScale: 1,
    eventBufferSize: 100,
    heartbeatInterval: 30_000,
    collectAfter: 3_600_000,
    ...options,
  };
  if (settings.token === "") throw new Error("the embedded agent needs a token: it runs commands");
  if (settings.address !== "127.0.0.1" && settings.address !== "::1") {
    throw new Error("the embedded agent listens on a loopback address only");
  }
  const { cpu, memory } = settings.nodeCapacity;
  if (!(cpu > 0 && memory > 0 && settings.delayScale >= 0 && settings.eventBufferSize >= 1)) {
    throw new Error("the embedded agent's capacity, delay scale and buffer size must be positive");
  }
  return settings;
}
