import { ExecSessions } from "./exec/exec-sessions.js";
import { FaultInjector } from "./faults/fault-injector.js";
import type { AgentContext } from "./http/context.js";
import { AgentServer } from "./http/server.js";
import { type AgentOptions, completeOptions } from "./options.js";
import { createNode } from "./scheduler/node.js";
import { Placer } from "./scheduler/placer.js";
import { Scheduler } from "./scheduler/scheduler.js";
import { Collector } from "./state/collector.js";
import { StateStore } from "./state/state-store.js";
import { Client } from "./tasks/client.js";

/** Where an agent listens. */
export interface AgentAddress {
  readonly address: string;
  readonly port: number;
}

/** An embedded agent. Both calls are idempotent; a stopped agent does not start again. */
export interface Agent {
  start(): Promise<AgentAddress>;
  /** Ends its tasks too: the state is in memory. */
  stop(): Promise<void>;
}

/**
 * Makes an embedded agent: the part of Nomad's API that this project uses, on this machine alone (agent.md).
 * @throws Error on options that make no sense, such as an empty token
 */
export function createAgent(options: AgentOptions): Agent {
  const settings = completeOptions(options);
  const store = new StateStore(settings.eventBufferSize);
  const client = new Client(store, settings);
  const node = createNode(settings);
  const placer = new Placer(settings, node);
  const scheduler = new Scheduler({ store, settings, placer, runner: client });
  const sessions = new ExecSessions();
  const parts = { settings, store, client, node, placer, scheduler, sessions };
  const faults = settings.faults ? new FaultInjector(parts) : undefined;
  const context: AgentContext = { ...parts, faults };
  const server = new AgentServer(context);
  const collector = new Collector(store, settings.collectAfter);

  client.onEvaluation = (id) => scheduler.enqueue(id);
  client.onStopping = (id) => sessions.endAllocation(id);
  client.onFreed = (id) => {
    placer.release(id);
    scheduler.capacityFreed();
  };

  async function listen(port: number): Promise<AgentAddress> {
    const found = await server.listen(port);
    node.address = `${settings.address}:${found}`;
    return { address: settings.address, port: found };
  }

  faults?.attach({ server, listen });

  let started: Promise<AgentAddress> | undefined;
  let stopped: Promise<void> | undefined;

  async function stop(): Promise<void> {
    await started?.catch(() => undefined);
    collector.stop();
    faults?.stop();
    scheduler.stop();
    await server.close();
    await client.close();
    await settings.executor.close();
  }

  return {
    start: () => {
      started ??= listen(settings.port).then((address) => {
        collector.start();
        for (const notice of settings.executor.notices) settings.logger.warn(notice);
        settings.logger.info("embedded agent listens", { ...address, executor: settings.executor.name });
        return address;
      });
      return started;
    },
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}
