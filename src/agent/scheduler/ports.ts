import type { AllocatedPort } from "../../nomad/wire.js";
import { asNumber, asObjects, asText, type JsonObject } from "../job/pick.js";

/** Nomad's own range for dynamic ports. */
const FIRST = 20_000;
const LAST = 32_000;

/** Hands out host ports: dynamic ones from Nomad's range, at random, so that a replacement gets others. */
export class PortTable {
  readonly #taken = new Map<string, readonly number[]>();
  readonly #used = new Set<number>();
  readonly #hostIp: string;
  readonly #random: () => number;

  constructor(options: { readonly hostIp: string; readonly random?: () => number }) {
    this.#hostIp = options.hostIp;
    this.#random = options.random ?? Math.random;
  }

  /** The ports of a group's networks; undefined when they are used up or a reserved one is taken. */
  take(allocationId: string, networks: readonly JsonObject[]): readonly AllocatedPort[] | undefined {
    const ports: AllocatedPort[] = [];
    for (const network of networks) {
      for (const port of [...asObjects(network.ReservedPorts), ...asObjects(network.DynamicPorts)]) {
        const reserved = asNumber(port.Value, 0);
        const value = reserved === 0 ? this.#free() : this.#used.has(reserved) ? undefined : reserved;
        if (value === undefined) {
          for (const port of ports) this.#used.delete(port.Value);
          return undefined;
        }
        this.#used.add(value);
        const inside = asNumber(port.To, 0);
        ports.push({
          HostIP: this.#hostIp,
          Label: asText(port.Label),
          ...(inside === 0 ? {} : { To: inside }),
          Value: value,
        });
      }
    }
    const values = ports.map((port) => port.Value);
    if (values.length > 0) this.#taken.set(allocationId, values);
    return ports;
  }

  release(allocationId: string): void {
    for (const value of this.#taken.get(allocationId) ?? []) this.#used.delete(value);
    this.#taken.delete(allocationId);
  }

  clear(): void {
    this.#taken.clear();
    this.#used.clear();
  }

  #free(): number | undefined {
    const size = LAST - FIRST + 1;
    const start = Math.floor(this.#random() * size);
    for (let step = 0; step < size; step++) {
      const value = FIRST + ((start + step) % size);
      if (!this.#used.has(value)) return value;
    }
    return undefined;
  }
}
