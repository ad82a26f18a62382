import type { AllocatedPort } from "../../nomad/wire.js";
import { asNumber, asObject, asObjects, asText, type JsonObject } from "../job/pick.js";
import type { Demand } from "./capacity.js";

/** What a group takes of the node: the sum over its tasks; memory by `MemoryMB`, not by the maximum, as Nomad plans. */
export function demandOf(group: JsonObject): Demand {
  let cpu = 0;
  let memory = 0;
  for (const task of asObjects(group.Tasks)) {
    const resources = asObject(task.Resources);
    cpu += asNumber(resources.CPU, 0);
    memory += asNumber(resources.MemoryMB, 0);
  }
  return { cpu, memory };
}

/** The fields of an allocation that say what it was given (recordings). */
export function allocatedResources(group: JsonObject, ports: readonly AllocatedPort[]): JsonObject {
  const tasks = asObjects(group.Tasks);
  const disk = asNumber(asObject(group.EphemeralDisk).SizeMB, 300);
  const networks = allocatedNetworks(group, ports);
  const demand = demandOf(group);
  const most = tasks.reduce((sum, task) => sum + memoryMax(asObject(task.Resources)), 0);
  const shared = {
    CPU: 0,
    Cores: 0,
    Devices: null,
    DiskMB: disk,
    IOPS: 0,
    MemoryMB: 0,
    MemoryMaxMB: 0,
    NUMA: null,
    Networks: networks,
    SecretsMB: 0,
  };
  return {
    AllocatedResources: {
      Shared: { DiskMB: disk, Networks: networks, Ports: ports.length === 0 ? null : ports },
      TaskLifecycles: Object.fromEntries(tasks.map((task) => [asText(task.Name), task.Lifecycle ?? null])),
      Tasks: Object.fromEntries(
        tasks.map((task) => [asText(task.Name), taskShare(asObject(task.Resources))]),
      ),
    },
    Resources: { ...shared, CPU: demand.cpu, MemoryMB: demand.memory, MemoryMaxMB: most },
    SharedResources: shared,
    TaskResources: Object.fromEntries(tasks.map((task) => [asText(task.Name), task.Resources])),
  };
}

function taskShare(resources: JsonObject): JsonObject {
  return {
    Cpu: { CpuShares: asNumber(resources.CPU, 0), ReservedCores: null },
    Devices: null,
    Memory: { MemoryMB: asNumber(resources.MemoryMB, 0), MemoryMaxMB: memoryMax(resources) },
    Networks: null,
  };
}

/** Without a maximum the reserved memory is the bound. */
function memoryMax(resources: JsonObject): number {
  return asNumber(resources.MemoryMaxMB, 0) || asNumber(resources.MemoryMB, 0);
}

function allocatedNetworks(group: JsonObject, ports: readonly AllocatedPort[]): readonly JsonObject[] | null {
  const networks = asObjects(group.Networks);
  if (networks.length === 0) return null;
  const values = new Map(ports.map((port) => [port.Label, port.Value]));
  const placed = (list: unknown) =>
    asObjects(list).map((port) => ({ ...port, Value: values.get(asText(port.Label)) }));
  return networks.map((network) => ({
    ...network,
    IP: ports[0]?.HostIP ?? "127.0.0.1",
    ...(network.DynamicPorts === undefined ? {} : { DynamicPorts: placed(network.DynamicPorts) }),
    ...(network.ReservedPorts === undefined ? {} : { ReservedPorts: placed(network.ReservedPorts) }),
  }));
}
