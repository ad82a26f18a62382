import { z } from "zod";
import { withDeadline } from "../../lib/with-deadline.js";
import { DemoError } from "./errors.js";

const fileEntry = z.object({
  name: z.string(),
  entryType: z.string(),
  size: z.number(),
  modificationTime: z.number(),
});
/** An entry of a listing (rest-api.md), as far as the demo reads it. */
export type ListedFile = z.output<typeof fileEntry>;

const answers = {
  statistics: z.record(z.string(), z.object({ idleRunners: z.number(), startingRunners: z.number() })),
  runner: z.object({ runnerId: z.string() }),
  execution: z.object({ websocketUrl: z.string() }),
  files: z.object({ files: z.array(fileEntry) }),
};

const REQUEST_TIMEOUT = 60_000;
/** Creating an environment can mean that an image is pulled. */
const CREATE_TIMEOUT = 600_000;

interface RequestOptions {
  readonly body?: object;
  readonly timeout?: number;
  readonly signal: AbortSignal;
}

/** The part of the server's public API that the demo uses. Every failure is a DemoError with the server's words. */
export class ApiClient {
  readonly #base: string;
  readonly #token: string;

  constructor(options: { readonly base: string; readonly token: string }) {
    this.#base = options.base;
    this.#token = options.token;
  }

  /** Whether the server has found its Nomad and knows what runs there; until then it answers `NOMAD_UNREACHABLE`. */
  async isReady(signal: AbortSignal): Promise<boolean> {
    const { response } = await this.#fetch("GET", "/execution-environments", { signal });
    return response.ok;
  }

  async createEnvironment(id: number, settings: object, signal: AbortSignal): Promise<void> {
    await this.#request("PUT", `/execution-environments/${id}`, {
      body: settings,
      timeout: CREATE_TIMEOUT,
      signal,
    });
  }

  /** Runners of an environment that are ready to be claimed. */
  async idleRunners(id: number, signal: AbortSignal): Promise<number> {
    const answer = await this.#request("GET", "/statistics/execution-environments", { signal });
    return answers.statistics.parse(answer.json())[String(id)]?.idleRunners ?? 0;
  }

  async claim(environmentId: number, signal: AbortSignal): Promise<string> {
    const body = { executionEnvironmentId: environmentId, inactivityTimeout: 0 };
    const answer = await this.#request("POST", "/runners", { body, signal });
    return answers.runner.parse(answer.json()).runnerId;
  }

  async copy(
    runnerId: string,
    files: readonly { readonly path: string; readonly content: Buffer }[],
    signal: AbortSignal,
  ): Promise<void> {
    const copy = files.map(({ path, content }) => ({ path, content: content.toString("base64") }));
    await this.#request("PATCH", `/runners/${runnerId}/files`, { body: { copy }, signal });
  }

  /** Prepares an execution; the result is the URL of its WebSocket. */
  async execute(runnerId: string, command: string, signal: AbortSignal): Promise<string> {
    const body = { command, timeLimit: 0 };
    const answer = await this.#request("POST", `/runners/${runnerId}/execute`, { body, signal });
    return answers.execution.parse(answer.json()).websocketUrl;
  }

  async list(runnerId: string, signal: AbortSignal): Promise<readonly ListedFile[]> {
    const answer = await this.#request("GET", `/runners/${runnerId}/files?path=./&recursive=true`, {
      signal,
    });
    return answers.files.parse(answer.json()).files;
  }

  async download(runnerId: string, path: string, signal: AbortSignal): Promise<Buffer> {
    const query = `path=${encodeURIComponent(path)}`;
    return (await this.#request("GET", `/runners/${runnerId}/files/raw?${query}`, { signal })).bytes;
  }

  async #request(
    method: string,
    path: string,
    options: RequestOptions,
  ): Promise<{ readonly bytes: Buffer; json(): unknown }> {
    const { response, bytes } = await this.#fetch(method, path, options);
    if (!response.ok)
      throw new DemoError(`${method} ${path} was answered ${response.status} ${bytes.toString()}`.trim());
    return { bytes, json: () => JSON.parse(bytes.toString()) };
  }

  async #fetch(
    method: string,
    path: string,
    options: RequestOptions,
  ): Promise<{ readonly response: Response; readonly bytes: Buffer }> {
    const { body, timeout = REQUEST_TIMEOUT, signal: outer } = options;
    return await withDeadline(
      timeout,
      async (signal) => {
        const headers = { "poseidon-token": this.#token, "content-type": "application/json" };
        const init = body === undefined ? {} : { body: JSON.stringify(body) };
        const response = await fetch(`${this.#base}${path}`, { method, headers, signal, ...init });
        return { response, bytes: Buffer.from(await response.arrayBuffer()) };
      },
      { signal: outer },
    );
  }
}
