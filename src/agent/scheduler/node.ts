import { randomUUID } from "node:crypto";
import os from "node:os";
import type { AgentSettings } from "../options.js";

/** The one node of the agent, as placements and the node routes see it. */
export interface AgentNode {
  readonly id: string;
  readonly name: string;
  readonly datacenter: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly drivers: readonly string[];
  /** `host:port` of the agent itself; known once it listens. */
  address: string;
}

const DRIVERS = ["docker", "exec", "raw_exec", "java", "qemu", "podman", "containerd-driver", "firecracker"];

/** Makes the node. It claims every common driver, for whatever a job asks for is run by the one executor. */
export function createNode(settings: AgentSettings): AgentNode {
  return {
    id: randomUUID(),
    name: settings.nodeName,
    datacenter: settings.datacenter,
    attributes: {
      "kernel.name": "linux",
      "kernel.arch": os.machine(),
      "kernel.version": os.release(),
      "cpu.arch": os.arch() === "x64" ? "amd64" : os.arch(),
      "cpu.numcores": String(os.cpus().length),
      "cpu.totalcompute": String(settings.nodeCapacity.cpu),
      "memory.totalbytes": String(settings.nodeCapacity.memory * 1_048_576),
      "os.signals": Object.keys(os.constants.signals).join(","),
      "nomad.version": "1.10.5",
      "unique.hostname": settings.nodeName,
      "driver.docker": "1",
      "driver.exec": "1",
    },
    drivers: DRIVERS,
    address: "",
  };
}
