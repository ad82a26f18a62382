import { multiError } from "./multi-error.js";
import { asNumber, asObject, asObjects, asText, type JsonObject } from "./pick.js";
import { validateTask } from "./validate-task.js";

const SECOND = 1_000_000_000;

/** What Nomad has against a canonical task group, as its nested error text. */
export function validateGroup(group: JsonObject, jobType: string): string | undefined {
  const errors: string[] = [];
  const name = asText(group.Name);
  if (name === "") errors.push("Missing task group name");
  else if (name.includes("\0")) errors.push("Task group name contains null character");
  if (asNumber(group.Count, 0) < 0) errors.push("Task group count can't be negative");
  const tasks = asObjects(group.Tasks);
  if (tasks.length === 0) errors.push("Missing tasks for task group");
  const restart = restartErrors(asObject(group.RestartPolicy));
  if (restart.length > 0) errors.push(multiError(restart));
  const disk = asNumber(asObject(group.EphemeralDisk).SizeMB, 0);
  if (disk < 10) errors.push(`minimum DiskMB value is 10; got ${disk}`);
  errors.push(...taskNameErrors(tasks));
  const network = networkErrors(asObjects(group.Networks));
  if (network.length > 0) errors.push(`Task group network validation failed: ${multiError(network)}`);
  for (const task of tasks) {
    const error = validateTask(task, asObject(group.EphemeralDisk));
    if (error !== undefined) errors.push(`Task ${asText(task.Name)} validation failed: ${error}`);
  }
  if (jobType !== "service" && group.Migrate !== null) {
    errors.push(`Job type "${jobType}" does not allow migrate block`);
  }
  return errors.length === 0 ? undefined : multiError(errors);
}

function restartErrors(policy: JsonObject): string[] {
  const errors: string[] = [];
  const mode = asText(policy.Mode);
  const attempts = asNumber(policy.Attempts, 0);
  const interval = asNumber(policy.Interval, 0);
  const delay = asNumber(policy.Delay, 0);
  if (mode !== "fail" && mode !== "delay") return [`Unsupported restart mode: "${mode}"`];
  if (attempts === 0 && mode !== "fail") {
    errors.push(`Restart policy "${mode}" with ${attempts} attempts is ambiguous`);
  }
  if (interval < 5 * SECOND) errors.push(`Interval can not be less than 5s (got ${interval / SECOND}s)`);
  if (attempts * delay > interval) {
    errors.push(
      `Nomad can't restart the TaskGroup ${attempts} times in an interval of ${duration(interval)} with a delay of ${duration(delay)}`,
    );
  }
  return errors;
}

/** Go's way to print a duration of whole seconds: `1h0m0s`. */
export function duration(nanoseconds: number): string {
  const seconds = nanoseconds / SECOND;
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  const rest = `${Number((seconds % 60).toFixed(9))}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}

function taskNameErrors(tasks: readonly JsonObject[]): string[] {
  const errors: string[] = [];
  const seen = new Map<string, number>();
  tasks.forEach((task, index) => {
    const name = asText(task.Name);
    const first = seen.get(name);
    if (name === "") errors.push(`Task ${index + 1} missing name`);
    else if (first !== undefined) errors.push(`Task ${index + 1} redefines '${name}' from task ${first + 1}`);
    else seen.set(name, index);
  });
  return errors;
}

function networkErrors(networks: readonly JsonObject[]): string[] {
  const errors: string[] = [];
  const labels = new Set<string>();
  for (const network of networks) {
    for (const port of [...asObjects(network.ReservedPorts), ...asObjects(network.DynamicPorts)]) {
      const label = asText(port.Label);
      const to = asNumber(port.To, 0);
      if (labels.has(label)) errors.push(`Port label ${label} already in use by taskgroup network`);
      labels.add(label);
      if (to < -1) errors.push(`Port "${label}" cannot be mapped to negative value ${to}`);
      if (to > 65_535) {
        errors.push(`Port "${label}" cannot be mapped to a port (${to}) greater than 65535`);
      }
    }
  }
  return errors;
}
