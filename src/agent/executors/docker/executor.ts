import os from "node:os";
import { z } from "zod";
import { Semaphore } from "../../../lib/semaphore.js";
import type { Logger } from "../../../telemetry/logger.js";
import type { Executor, RunningTask, TaskSpec } from "../../executor.js";
import { DockerClient } from "./client.js";
import { containerBody } from "./container.js";
import { parseDriverConfig } from "./driver-config.js";
import { DockerEvents } from "./events.js";
import { Images } from "./images.js";
import { removeLeftovers } from "./leftovers.js";
import { containerOwner, OWNER_LABEL } from "./owner.js";
import { DockerTask } from "./task.js";

/** Containers that are made side by side; Docker gets slower with more. */
const STARTS_AT_ONCE = 8;
const HOST_IP = "127.0.0.1";

const created = z.object({ Id: z.string() });
const daemon = z.object({
  OSType: z.string(),
  MemoryLimit: z.boolean().optional(),
  SwapLimit: z.boolean().optional(),
});

/** Runs each task in a Docker container (agent.md, executors). */
export class DockerExecutor implements Executor {
  readonly name = "docker";
  readonly notices: readonly string[];
  readonly #client: DockerClient;
  readonly #logger: Logger;
  readonly #events: DockerEvents;
  readonly #images: Images;
  readonly #owner = containerOwner();
  readonly #tasks = new Map<string, DockerTask>();
  readonly #starting = new Set<Promise<unknown>>();
  readonly #room = new Semaphore(STARTS_AT_ONCE);
  #closed: Promise<void> | undefined;

  private constructor(
    client: DockerClient,
    options: { readonly notices: readonly string[]; readonly logger: Logger },
  ) {
    this.#client = client;
    this.#logger = options.logger;
    this.notices = options.notices;
    this.#images = new Images(client, options.logger);
    this.#events = new DockerEvents({
      client,
      label: `${OWNER_LABEL}=${this.#owner}`,
      logger: options.logger,
    });
  }

  /**
   * Takes up with the Docker that listens on this Unix socket, and removes what a killed agent left there.
   * @throws Error when there is no Docker, or none that can limit memory
   */
  static async connect(socketPath: string, options: { readonly logger: Logger }): Promise<DockerExecutor> {
    const { logger } = options;
    const client = new DockerClient(socketPath);
    const found = await client.call({ method: "GET", path: "/info" }).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`there is no Docker at unix://${socketPath}: ${reason}`, { cause: error });
    });
    const info = daemon.parse(found);
    if (info.OSType !== "linux") throw new Error(`Docker at unix://${socketPath} has no Linux containers`);
    const executor = new DockerExecutor(client, { notices: noticesOf(info), logger });
    await removeLeftovers(client, logger);
    executor.#follow();
    return executor;
  }

  async start(spec: TaskSpec): Promise<RunningTask> {
    const starting = this.#room.run(() => this.#start(spec));
    this.#starting.add(starting);
    try {
      return await starting;
    } finally {
      this.#starting.delete(starting);
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#starting);
    const ends = await Promise.allSettled([...this.#tasks.values()].map((task) => task.stop()));
    const left = ends.filter(({ status }) => status === "rejected").length;
    if (left > 0)
      this.#logger.error("containers are left behind; the next start removes them", { count: left });
    await this.#events.stop();
  }

  async #start(spec: TaskSpec): Promise<DockerTask> {
    if (this.#closed !== undefined) throw new Error("the executor is closed");
    const config = parseDriverConfig(spec.driverConfig);
    const body = containerBody(spec, config, {
      labels: { [OWNER_LABEL]: this.#owner, "org.openhpi.poseidon.job": spec.jobId },
      hostIp: HOST_IP,
      coreMhz: os.cpus()[0]?.speed || 1_000,
    });
    await this.#images.ensure(config.image, { force: config.force_pull });
    const client = this.#client;
    const { Id: id } = created.parse(
      await client.call({ method: "POST", path: "/containers/create", json: body }),
    );
    // Known before it is started, so that not even the earliest end is missed.
    const task = new DockerTask(client, id);
    this.#tasks.set(id, task);
    void task.exited.then(() => this.#forget(task));
    try {
      await client.call({ method: "POST", path: `/containers/${id}/start` });
      return task;
    } catch (error) {
      await task.stop().catch(() => undefined);
      throw error;
    }
  }

  async #forget(task: DockerTask): Promise<void> {
    try {
      await task.stop();
      this.#tasks.delete(task.containerId);
    } catch (error) {
      this.#logger.warn("a container could not be removed", { error });
    }
  }

  #follow(): void {
    this.#events.start({
      onContainerEnd: (id, exitCode) => void this.#tasks.get(id)?.onContainerEnd(exitCode),
      onExecEnd: (id, execId, exitCode) => this.#tasks.get(id)?.onExecEnd(execId, exitCode),
      onOpen: () => {
        for (const task of this.#tasks.values()) void task.look();
      },
    });
  }
}

function noticesOf(info: z.infer<typeof daemon>): readonly string[] {
  const notices = [
    "Runners with network access are on Docker's bridge: they reach each other, the outside, and what listens on this machine's other " +
      "addresses than the loopback.",
  ];
  if (info.MemoryLimit === false)
    notices.push("Docker cannot limit memory on this machine: runners take what they want.");
  else if (info.SwapLimit === false)
    notices.push(
      "Docker cannot limit swap on this machine: a runner past its memory limit may swap before it is killed.",
    );
  return notices;
}
