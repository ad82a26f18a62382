import { atMost } from "../../lib/at-most.js";
import { Semaphore } from "../../lib/semaphore.js";
import { sleep } from "../../lib/sleep.js";

/** So many runners of one node get their sessions at the same time. */
const atOnce = 2;

/** How long the sessions of a runner that was just claimed leave its client the way to send a command, in ms. */
const hesitation = 20;

/** How long sessions wait for steps that take a way of their own, in ms. */
const deference = 200;

/** How long those of one runner keep others waiting, in ms: one whose shells do not answer, which its owner can bring about, slows nobody else down. */
const patience = 1_000;

interface Node {
  readonly room: Semaphore;
  /** What clients do in sessions of their own that are being opened. */
  readonly steps: Set<Promise<unknown>>;
  /** Openings and steps under way or waiting. */
  count: number;
}

/**
 * Opens the resident sessions of the runners of each node behind what clients wait for: Docker takes some 100 ms of a processor for the two of
 * one runner, and many at once hold up claims and commands.
 */
export class Openings {
  readonly #nodes = new Map<string, Node>();

  /** Runs `open` when its turn has come; settles as that does. `claimed`: a client has the runner; `fresh`: since just now. */
  run<T>(
    nodeId: string,
    open: () => Promise<T>,
    options: { readonly claimed: boolean; readonly fresh: boolean },
  ): Promise<T> {
    return this.#at(nodeId, async ({ room, steps }) => {
      if (options.claimed && options.fresh) await sleep(hesitation);
      const turn = async () => {
        if (steps.size > 0) await atMost(deference, Promise.allSettled(steps));
        const opening = open();
        await atMost(patience, Promise.allSettled([opening]));
        return { opening };
      };
      const { opening } = await room.run(turn, { urgent: options.claimed });
      return opening;
    });
  }

  /** Runs a client's step that takes a session of its own. */
  ahead<T>(nodeId: string, step: () => Promise<T>): Promise<T> {
    return this.#at(nodeId, async ({ steps }) => {
      const running = step();
      steps.add(running);
      try {
        return await running;
      } finally {
        steps.delete(running);
      }
    });
  }

  async #at<T>(nodeId: string, work: (node: Node) => Promise<T>): Promise<T> {
    const node = this.#nodes.get(nodeId) ?? { room: new Semaphore(atOnce), steps: new Set(), count: 0 };
    this.#nodes.set(nodeId, node);
    node.count += 1;
    try {
      return await work(node);
    } finally {
      node.count -= 1;
      if (node.count === 0) this.#nodes.delete(nodeId);
    }
  }
}
