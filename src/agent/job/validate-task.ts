import { multiError } from "./multi-error.js";
import { asNumber, asObject, asText, type JsonObject } from "./pick.js";

/** What Nomad has against a canonical task, as its nested error text. */
export function validateTask(task: JsonObject, disk: JsonObject): string | undefined {
  const errors: string[] = [];
  const name = asText(task.Name);
  if (name === "") errors.push("Missing task name");
  if (/[/\\]/.test(name)) errors.push("Task name cannot include slashes");
  else if (name.includes("\0")) errors.push("Task name cannot include null characters");
  if (asText(task.Driver) === "") errors.push("Missing task driver");
  if (asNumber(task.KillTimeout, 0) < 0) errors.push("KillTimeout must be a positive value");
  if (asNumber(task.ShutdownDelay, 0) < 0) errors.push("ShutdownDelay must be a positive value");
  const resources = resourceErrors(asObject(task.Resources));
  if (resources.length > 0) errors.push(multiError(resources));
  const log = logErrors(asObject(task.LogConfig), asNumber(disk.SizeMB, 0));
  if (log.length > 0) errors.push(multiError(log));
  return errors.length === 0 ? undefined : multiError(errors);
}

function resourceErrors(resources: JsonObject): string[] {
  const errors: string[] = [];
  const cpu = asNumber(resources.CPU, 0);
  const memory = asNumber(resources.MemoryMB, 0);
  const most = asNumber(resources.MemoryMaxMB, 0);
  const minimum: string[] = [];
  if (asNumber(resources.Cores, 0) > 0) {
    if (cpu > 0) errors.push("Task can only ask for 'cpu' or 'cores' resource, not both.");
  } else if (cpu < 1) minimum.push(`minimum CPU value is 1; got ${cpu}`);
  if (memory < 10) minimum.push(`minimum MemoryMB value is 10; got ${memory}`);
  if (minimum.length > 0) errors.push(multiError(minimum));
  // 0 and -1 stand for "as MemoryMB" and "no bound".
  if (most !== 0 && most !== -1 && most < memory) {
    errors.push(`MemoryMaxMB value (${most}) should be larger than MemoryMB value (${memory})`);
  }
  return errors;
}

function logErrors(log: JsonObject, diskMB: number): string[] {
  const errors: string[] = [];
  const files = asNumber(log.MaxFiles, 0);
  const size = asNumber(log.MaxFileSizeMB, 0);
  if (files < 1) errors.push(`minimum number of files is 1; got ${files}`);
  if (size < 1) errors.push(`minimum file size is 1MB; got ${size}`);
  if (log.Disabled !== true && diskMB > 0 && diskMB <= files * size) {
    errors.push(`log storage (${files * size} MB) must be less than requested disk capacity (${diskMB} MB)`);
  }
  return errors;
}
