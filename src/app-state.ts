import type { ObservedParts } from "./app-metrics.js";
import type { EnvironmentStatistics } from "./environment/service.js";
import type { LogFields } from "./telemetry/logger.js";

/** One line of the server's state. */
export interface StateLine {
  readonly message: string;
  readonly fields: LogFields;
}

/** The server's state for somebody who wants to know what it does (SIGUSR2): a line for all, for each pool and each runner that is not idle. No secrets. */
export function stateLines(parts: ObservedParts): readonly StateLine[] {
  const { api, environments, ready, nomad } = parts;
  const lines: StateLine[] = [
    {
      message: "state of the server",
      fields: {
        ready: ready(),
        requests: api.requestsUnderWay,
        executions: api.openExecutions,
        stream_connected: nomad?.connection.view.connected,
        last_frame: nomad && new Date(nomad.connection.view.lastFrameAt),
        exec_sessions_open: nomad?.connection.execUsage().open,
        exec_sessions_room: nomad?.connection.execUsage().room,
      },
    },
  ];
  for (const { id, prewarmingPoolSize, ...counts } of environments.statistics()) {
    const pool = nomad?.runners.pool(id);
    const fields = { environment_id: id, size: prewarmingPoolSize, ...counts, reserved: pool?.reservedCount };
    lines.push({ message: "state of a pool", fields });
    for (const runner of pool?.runners() ?? []) {
      if (runner.state === "idle") continue;
      const { id: runner_id, state, session } = runner;
      const executions = session?.executions;
      lines.push({
        message: "state of a runner",
        fields: { environment_id: id, runner_id, state, executions },
      });
    }
  }
  return lines;
}

/** How many environments and runners there are in all. */
export function sumOfFigures(figures: readonly EnvironmentStatistics[]): LogFields {
  const sum = { environments: figures.length, idle: 0, starting: 0, used: 0 };
  for (const { idleRunners, startingRunners, usedRunners } of figures) {
    sum.idle += idleRunners;
    sum.starting += startingRunners;
    sum.used += usedRunners;
  }
  return sum;
}
