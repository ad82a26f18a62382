import { Backoff } from "../lib/backoff.js";
import type { NomadClient } from "../nomad/client.js";
import { isNomadError } from "../nomad/errors.js";
import type { Job } from "../nomad/wire.js";
import type { Logger } from "../telemetry/logger.js";
import { readTemplateBase } from "./template-base.js";

const RECONNECT = { initial: 100, maximum: 5_000 };

/** `server.templatejobfile`: the job that template jobs are made from. HCL needs Nomad to be read. */
export class TemplateFile {
  readonly #path: string;
  readonly #client: NomadClient;
  readonly #logger: Logger;

  constructor(path: string, parts: { readonly client: NomadClient; readonly logger: Logger }) {
    this.#path = path;
    this.#client = parts.client;
    this.#logger = parts.logger;
  }

  /** The job; undefined without a file, or while Nomad cannot be reached. Throws when the file is wrong. */
  async tryRead(): Promise<Job | undefined> {
    if (this.#path === "") return undefined;
    try {
      return await readTemplateBase(this.#path, this.#client);
    } catch (error) {
      if (!isNomadError(error, "unreachable", "no-room")) throw error;
      this.#logger.warn("the template job file is read once Nomad can be reached", { error });
      return undefined;
    }
  }

  /** As `tryRead`, until Nomad can be reached. */
  async read(options: { readonly signal: AbortSignal }): Promise<Job | undefined> {
    const backoff = new Backoff(RECONNECT);
    while (this.#path !== "" && !options.signal.aborted) {
      const job = await this.tryRead();
      if (job !== undefined) return job;
      await backoff.wait(options).catch(() => undefined);
    }
    return undefined;
  }
}
