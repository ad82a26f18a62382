import { Semaphore } from "../../lib/semaphore.js";

/**
 * So many runners of one node get their sessions at the same time: Docker takes some 100 ms of a processor for the two of one runner, and many
 * at once would hold up the claims and commands of their clients.
 */
const atOnce = 4;

interface Node {
  readonly room: Semaphore;
  /** Openings under way or waiting. */
  count: number;
}

/** Opens the resident sessions of a few runners of each node side by side, those of clients first. */
export class Openings {
  readonly #nodes = new Map<string, Node>();

  /** Runs `open` when there is room; settles as that does. `urgent`: a client has the runner. */
  async run<T>(nodeId: string, open: () => Promise<T>, options: { readonly urgent: boolean }): Promise<T> {
    const node = this.#nodes.get(nodeId) ?? { room: new Semaphore(atOnce), count: 0 };
    this.#nodes.set(nodeId, node);
    node.count += 1;
    try {
      return await node.room.run(open, options);
    } finally {
      node.count -= 1;
      if (node.count === 0) this.#nodes.delete(nodeId);
    }
  }
}
