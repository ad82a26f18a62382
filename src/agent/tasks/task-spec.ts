import type { TaskSpec } from "../executor.js";
import { asNumber, asObject, asObjects, asText, type JsonObject } from "../job/pick.js";
import type { AllocationRecord } from "../state/records.js";

/** What the executor is asked to run for a task of an allocation. */
export function taskSpecOf(allocation: AllocationRecord, group: JsonObject, task: JsonObject): TaskSpec {
  const config = asObject(task.Config);
  const resources = asObject(task.Resources);
  const memory = asNumber(resources.MemoryMB, 0);
  const most = asNumber(resources.MemoryMaxMB, 0);
  const ports = allocation.AllocatedResources?.Shared?.Ports ?? [];
  const args = Array.isArray(config.args) ? config.args.map(String) : [];
  const [network] = asObjects(group.Networks);
  const networked = asText(config.network_mode) !== "none" && asText(network?.Mode) !== "none";
  return {
    allocationId: allocation.ID,
    jobId: allocation.JobID,
    image: typeof config.image === "string" ? config.image : undefined,
    driverConfig: config,
    command: [asText(config.command), ...args].filter((part, index) => index > 0 || part !== ""),
    cpu: asNumber(resources.CPU, 0),
    memory: most > 0 ? most : memory,
    network: networked,
    dns: dnsOf(asObject(network?.DNS)),
    ports: ports.map((port) => ({ label: port.Label, to: port.To ?? 0, host: port.Value })),
    environment: environmentOf(allocation, group, task),
  };
}

function dnsOf(dns: JsonObject): TaskSpec["dns"] {
  const texts = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);
  const found = {
    servers: texts(dns.Servers),
    searches: texts(dns.Searches),
    options: texts(dns.Options),
  };
  return Object.values(found).some((list) => list.length > 0) ? found : undefined;
}

/** The variables that Nomad gives a task, and the task's own. */
function environmentOf(
  allocation: AllocationRecord,
  group: JsonObject,
  task: JsonObject,
): Readonly<Record<string, string>> {
  const resources = asObject(task.Resources);
  const environment: Record<string, string> = {
    NOMAD_ALLOC_DIR: "/alloc",
    NOMAD_ALLOC_ID: allocation.ID,
    NOMAD_ALLOC_INDEX: /\[(\d+)\]$/.exec(allocation.Name)?.[1] ?? "0",
    NOMAD_ALLOC_NAME: allocation.Name,
    NOMAD_CPU_LIMIT: String(asNumber(resources.CPU, 0)),
    NOMAD_DC: String((allocation.Job.Datacenters ?? [])[0] ?? "dc1"),
    NOMAD_GROUP_NAME: asText(group.Name),
    NOMAD_JOB_ID: allocation.JobID,
    NOMAD_JOB_NAME: allocation.Job.Name,
    NOMAD_MEMORY_LIMIT: String(asNumber(resources.MemoryMB, 0)),
    NOMAD_NAMESPACE: allocation.Namespace,
    NOMAD_REGION: "global",
    NOMAD_SECRETS_DIR: "/secrets",
    NOMAD_SHORT_ALLOC_ID: allocation.ID.slice(0, 8),
    NOMAD_TASK_DIR: "/local",
    NOMAD_TASK_NAME: asText(task.Name),
  };
  const most = asNumber(resources.MemoryMaxMB, 0);
  if (most > 0) environment.NOMAD_MEMORY_MAX_LIMIT = String(most);
  for (const port of allocation.AllocatedResources?.Shared?.Ports ?? []) {
    environment[`NOMAD_PORT_${port.Label}`] = String(port.To || port.Value);
    environment[`NOMAD_HOST_PORT_${port.Label}`] = String(port.Value);
    environment[`NOMAD_ADDR_${port.Label}`] = `${port.HostIP}:${port.Value}`;
  }
  for (const [key, value] of Object.entries(asObject(task.Env))) environment[key] = String(value);
  return environment;
}

/** A group of a job by its name; an empty object when it is not there. */
export function groupNamed(job: { readonly TaskGroups?: unknown }, name: string): JsonObject {
  return asObjects(job.TaskGroups).find((group) => group.Name === name) ?? {};
}
