import type { NodeCapacity } from "../options.js";

/** What an allocation takes of the node. */
export type Demand = NodeCapacity;

/** Which of the node's resources are taken, by allocation. */
export class Capacity {
  readonly #total: NodeCapacity;
  readonly #taken = new Map<string, Demand>();
  #cpu = 0;
  #memory = 0;

  constructor(total: NodeCapacity) {
    this.#total = total;
  }

  /** The first resource of which too little is free, by Nomad's name for it; undefined when `demand` fits. */
  exhausted(demand: Demand): "cpu" | "memory" | undefined {
    if (this.#cpu + demand.cpu > this.#total.cpu) return "cpu";
    if (this.#memory + demand.memory > this.#total.memory) return "memory";
    return undefined;
  }

  take(allocationId: string, demand: Demand): void {
    this.release(allocationId);
    this.#taken.set(allocationId, demand);
    this.#cpu += demand.cpu;
    this.#memory += demand.memory;
  }

  /** Gives back what an allocation took. False when it held nothing. */
  release(allocationId: string): boolean {
    const demand = this.#taken.get(allocationId);
    if (demand === undefined) return false;
    this.#taken.delete(allocationId);
    this.#cpu -= demand.cpu;
    this.#memory -= demand.memory;
    return true;
  }

  clear(): void {
    this.#taken.clear();
    this.#cpu = 0;
    this.#memory = 0;
  }
}
