import { z } from "zod";
import type { Logger } from "../../../telemetry/logger.js";
import type { DockerClient } from "./client.js";
import { isMissing } from "./errors.js";

/** As long as Nomad's Docker driver lets a pull go on without any progress, ms. */
const PULL_SILENCE_MS = 300_000;

const progress = z.object({ error: z.string().optional() });

/** Sees to it that images are there. Pulls of one image at the same time are one. */
export class Images {
  readonly #client: DockerClient;
  readonly #logger: Logger;
  readonly #pulling = new Map<string, Promise<void>>();

  constructor(client: DockerClient, logger: Logger) {
    this.#client = client;
    this.#logger = logger;
  }

  /**
   * Pulls the image when it is not there, and with `force` in any case. `latest` is pulled each time, as Nomad's driver does, but what is
   * there will do where that fails: an image of one's own need not be in a registry.
   * @throws Error in that driver's words
   */
  async ensure(image: string, options: { readonly force: boolean }): Promise<void> {
    const willDo = !options.force && (await this.#isThere(image));
    if (willDo && !isLatest(image)) return;
    await this.#pullOnce(image).catch((error: unknown) => {
      if (!willDo) throw error;
      this.#logger.warn("an image could not be pulled again, the one that is there is taken", {
        image,
        error,
      });
    });
  }

  #pullOnce(image: string): Promise<void> {
    const known = this.#pulling.get(image);
    if (known !== undefined) return known;
    const pulling = this.#pull(image).finally(() => this.#pulling.delete(image));
    this.#pulling.set(image, pulling);
    return pulling;
  }

  async #isThere(image: string): Promise<boolean> {
    try {
      await this.#client.call({ method: "GET", path: `/images/${image}/json` });
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async #pull(image: string): Promise<void> {
    this.#logger.info("pulling an image", { image });
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(new Error("no progress for 5 minutes")), PULL_SILENCE_MS);
    const query = { fromImage: image, ...(hasTag(image) ? {} : { tag: "latest" }) };
    const request = { method: "POST", path: "/images/create", query, signal: silence.signal } as const;
    try {
      for await (const line of this.#client.lines(request)) {
        timer.refresh();
        const error = progress.safeParse(line).data?.error;
        if (error !== undefined) throw new Error(error);
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`Failed to pull \`${image}\`: ${reason}`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Whether an image's name says which one: a tag or a digest behind the last slash. */
export function hasTag(image: string): boolean {
  return /[:@][^/]*$/.test(image);
}

/** Whether the name stands for whatever is newest. */
export function isLatest(image: string): boolean {
  return !hasTag(image) || /:latest$/.test(image);
}
