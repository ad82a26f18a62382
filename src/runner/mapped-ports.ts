import type { AllocatedPort } from "../nomad/wire.js";
import type { MappedPort } from "./handle.js";

/** A runner's mapped ports as clients see them (nomad.md, "Job layout"); IPv6 addresses in brackets (D). */
export function mappedPorts(ports: readonly AllocatedPort[]): MappedPort[] {
  return ports.map(({ To, Value, HostIP }) => ({
    exposedPort: To,
    hostAddress: HostIP.includes(":") ? `[${HostIP}]:${Value}` : `${HostIP}:${Value}`,
  }));
}
