import type { TaskState } from "../../nomad/wire.js";

/** An allocation's client status and its description, from the states of its tasks. */
export function clientStatus(states: readonly TaskState[]): {
  readonly ClientStatus: "pending" | "running" | "complete" | "failed";
  readonly ClientDescription: string;
} {
  if (states.some((state) => state.State === "dead" && state.Failed === true)) {
    return { ClientStatus: "failed", ClientDescription: "Failed tasks" };
  }
  if (states.some((state) => state.State === "running")) {
    return { ClientStatus: "running", ClientDescription: "Tasks are running" };
  }
  if (states.some((state) => state.State === "pending")) {
    return { ClientStatus: "pending", ClientDescription: "No tasks have started" };
  }
  return { ClientStatus: "complete", ClientDescription: "All tasks have completed" };
}
