import type { ExecSessions } from "../exec/exec-sessions.js";
import type { FaultInjector } from "../faults/fault-injector.js";
import type { AgentSettings } from "../options.js";
import type { AgentNode } from "../scheduler/node.js";
import type { Placer } from "../scheduler/placer.js";
import type { Scheduler } from "../scheduler/scheduler.js";
import type { StateStore } from "../state/state-store.js";
import type { Client } from "../tasks/client.js";

/** The parts of an agent that its routes work with. */
export interface AgentContext {
  readonly settings: AgentSettings;
  readonly store: StateStore;
  readonly scheduler: Scheduler;
  readonly placer: Placer;
  readonly client: Client;
  readonly node: AgentNode;
  readonly sessions: ExecSessions;
  /** Only with `faults`. */
  readonly faults: FaultInjector | undefined;
}
