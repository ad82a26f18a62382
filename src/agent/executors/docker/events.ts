import { z } from "zod";
import { Backoff } from "../../../lib/backoff.js";
import type { Logger } from "../../../telemetry/logger.js";
import type { DockerClient } from "./client.js";

const RETRY = { initial: 100, maximum: 5_000 };

const message = z.object({
  Action: z.string(),
  Actor: z.object({
    ID: z.string(),
    Attributes: z.object({ execID: z.string().optional(), exitCode: z.string().optional() }),
  }),
});

/** What Docker tells of our containers. */
export interface DockerEventListener {
  /** A container's PID 1 has ended. */
  onContainerEnd(containerId: string, exitCode: number): void;
  /** The process of an exec has ended. */
  onExecEnd(containerId: string, execId: string, exitCode: number): void;
  /** Events may have been missed: look at everything. Called whenever the stream is open (again). */
  onOpen(): void;
}

/** Follows Docker's events of the containers with a label, and connects again for as long as it is not stopped. */
export class DockerEvents {
  readonly #client: DockerClient;
  readonly #label: string;
  readonly #logger: Logger;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: { readonly client: DockerClient; readonly label: string; readonly logger: Logger }) {
    this.#client = options.client;
    this.#label = options.label;
    this.#logger = options.logger;
  }

  start(listener: DockerEventListener): void {
    this.#running ??= this.#follow(listener);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #follow(listener: DockerEventListener): Promise<void> {
    const backoff = new Backoff(RETRY);
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#read(listener, backoff);
      } catch (error) {
        if (signal.aborted) return;
        this.#logger.warn("the events of Docker ended, connecting again", { error });
      }
      await backoff.wait({ signal }).catch(() => undefined);
    }
  }

  async #read(listener: DockerEventListener, backoff: Backoff): Promise<void> {
    const filters = { type: ["container"], event: ["die", "exec_die"], label: [this.#label] };
    const query = { filters: JSON.stringify(filters) };
    const onOpen = () => {
      backoff.reset();
      listener.onOpen();
    };
    const request = { method: "GET", path: "/events", query, signal: this.#stop.signal } as const;
    for await (const line of this.#client.lines(request, { onOpen })) {
      const event = message.safeParse(line);
      if (!event.success) continue;
      const { ID, Attributes } = event.data.Actor;
      const exitCode = Number(Attributes.exitCode ?? 0);
      if (event.data.Action === "die") listener.onContainerEnd(ID, exitCode);
      else if (Attributes.execID !== undefined) listener.onExecEnd(ID, Attributes.execID, exitCode);
    }
  }
}
