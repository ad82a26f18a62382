import type { MetricsSink } from "../telemetry/metrics-sink.js";
import type { RunnerShell } from "./runner-shell.js";

/** Counts the commands of a shell by the path that they took. */
export function countCommands(shell: RunnerShell, metrics: MetricsSink): RunnerShell {
  return {
    ...shell,
    async execute(request, handlers) {
      const command = await shell.execute(request, handlers);
      metrics.count("commands", { path: command.path });
      return command;
    },
  };
}
