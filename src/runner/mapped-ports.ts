import type { AllocatedPort } from "../nomad/wire.js";
import type { MappedPort } from "./handle.js";

/** A runner's mapped ports as clients see them (nomad.md, "Job layout"); IPv6 addresses in brackets (D); 0 where Nomad says nothing, as the Go service reads it. */
export function mappedPorts(ports: readonly AllocatedPort[]): MappedPort[] {
  return ports.map(({ To = 0, Value, HostIP }) => ({
    exposedPort: To,
    hostAddress: HostIP.includes(":") ? `[${HostIP}]:${Value}` : `${HostIP}:${Value}`,
  }));
}
