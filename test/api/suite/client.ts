import { Agent, request } from "undici";
import WebSocket from "ws";
import type { ApiTarget } from "./target.js";

/** An answer as a client sees it. */
export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly bytes: Buffer;
  readonly text: string;
  // Tests look into what they expect to be there, and fail where it is not.
  // biome-ignore lint/suspicious/noExplicitAny: the shape of an answer is what is tested
  json(): any;
}

/** A message of an execution's WebSocket. */
export interface Message {
  readonly type: string;
  readonly data?: string | number;
}

/** A claimed runner, and what clients do with it. */
export interface Runner {
  readonly id: string;
  readonly mappedPorts: readonly { readonly exposedPort: number; readonly hostAddress: string }[];
}

/** How an execution is prepared. */
export interface ExecuteBody {
  readonly command?: string;
  readonly privilegedExecution?: boolean;
  readonly timeLimit?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

const SETTINGS = {
  prewarmingPoolSize: 1,
  cpuLimit: 20,
  memoryLimit: 100,
  networkAccess: false,
  exposedPorts: [] as number[],
};

/** A client of the API as CodeOcean is one. */
export class ApiClient {
  readonly target: ApiTarget;
  readonly #agent = new Agent({ connections: 16 });

  constructor(target: ApiTarget) {
    this.target = target;
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  /** One request below the base path. */
  async call(
    method: string,
    path: string,
    options: { json?: unknown; body?: string; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const { token, baseUrl } = this.target;
    const body = options.json === undefined ? options.body : JSON.stringify(options.json);
    const answer = await request(`${baseUrl}/api/v1${path}`, {
      method: method as "GET",
      dispatcher: this.#agent,
      headers: { ...(token === "" ? {} : { "Poseidon-Token": token }), ...options.headers },
      headersTimeout: 0,
      ...(body === undefined ? {} : { body }),
    });
    const bytes = Buffer.from(await answer.body.arrayBuffer());
    const text = String(bytes);
    return { status: answer.statusCode, headers: answer.headers, bytes, text, json: () => JSON.parse(text) };
  }

  /** Creates or replaces an environment. */
  put(id: number, settings: Partial<typeof SETTINGS> & { image?: string } = {}): Promise<Answer> {
    return this.call("PUT", `/execution-environments/${id}`, {
      json: { id, image: this.target.image, ...SETTINGS, ...settings },
    });
  }

  /** Claims a runner as soon as there is an idle one. */
  async claim(environmentId: number, inactivityTimeout = 0): Promise<Runner> {
    for (;;) {
      const answer = await this.call("POST", "/runners", {
        json: { executionEnvironmentId: environmentId, inactivityTimeout },
      });
      if (answer.status === 200) {
        const { runnerId, mappedPorts } = answer.json();
        return { id: runnerId, mappedPorts };
      }
      if (answer.json().errorCode !== "NOMAD_OVERLOAD")
        throw new Error(`claim: ${answer.status} ${answer.text}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  release({ id }: Runner): Promise<Answer> {
    return this.call("DELETE", `/runners/${id}`);
  }

  /** Prepares an execution; gives its URL. */
  async prepare({ id }: Runner, body: ExecuteBody): Promise<string> {
    const answer = await this.call("POST", `/runners/${id}/execute`, { json: body });
    if (answer.status !== 200) throw new Error(`execute: ${answer.status} ${answer.text}`);
    return answer.json().websocketUrl;
  }

  /** Opens a prepared execution. */
  open(url: string): Execution {
    const { token } = this.target;
    return new Execution(new WebSocket(url, { headers: token === "" ? {} : { "Poseidon-Token": token } }));
  }

  /** Prepares and opens an execution. */
  async start(runner: Runner, body: ExecuteBody): Promise<Execution> {
    return this.open(await this.prepare(runner, body));
  }

  /** Runs a command to its end. */
  async run(runner: Runner, body: ExecuteBody): Promise<Result> {
    return (await this.start(runner, body)).result;
  }

  patch(
    { id }: Runner,
    change: { delete?: string[]; copy?: { path: string; content?: string }[] },
  ): Promise<Answer> {
    return this.call("PATCH", `/runners/${id}/files`, { json: change });
  }

  /** Writes one file. */
  write(runner: Runner, path: string, content: string | Buffer): Promise<Answer> {
    return this.patch(runner, { copy: [{ path, content: Buffer.from(content).toString("base64") }] });
  }

  list({ id }: Runner, query: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.call("GET", `/runners/${id}/files?${new URLSearchParams(query)}`);
  }

  download({ id }: Runner, query: Readonly<Record<string, string>>): Promise<Answer> {
    return this.call("GET", `/runners/${id}/files/raw?${new URLSearchParams(query)}`);
  }
}

/** What an execution gave in all. */
export interface Result {
  readonly messages: readonly Message[];
  readonly stdout: string;
  readonly stderr: string;
  readonly last: Message | undefined;
  readonly code: number;
  readonly reason: string;
}

/** An open execution. */
export class Execution {
  readonly ws: WebSocket;
  readonly messages: Message[] = [];
  readonly result: Promise<Result>;
  #waiting: { until: (stdout: string) => boolean; resolve: () => void } | undefined;

  constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on("message", (data, isBinary) => {
      if (isBinary) throw new Error("a binary message came");
      this.messages.push(JSON.parse(String(data)) as Message);
      this.#look();
    });
    this.result = new Promise((resolve, reject) => {
      ws.once("error", reject);
      ws.once("close", (code, reason) => resolve(this.#resultOf(code, String(reason))));
    });
    this.result.catch(() => undefined);
  }

  /** Resolves once stdout has what `until` looks for; rejects when the execution ends before. */
  async stdout(until: string): Promise<void> {
    const seen = new Promise<void>((resolve) => {
      this.#waiting = { until: (stdout) => stdout.includes(until), resolve };
    });
    this.#look();
    await Promise.race([
      seen,
      this.result.then(({ messages }) => {
        if (!this.#text("stdout").includes(until)) throw new Error(`ended with ${JSON.stringify(messages)}`);
      }),
    ]);
  }

  /** Resolves once the command runs: the first message has come. */
  async started(): Promise<void> {
    await this.stdout("");
    if (this.messages.length === 0) await new Promise((resolve) => this.ws.once("message", resolve));
  }

  send(input: string | Buffer): void {
    this.ws.send(input);
  }

  #look(): void {
    if (this.#waiting?.until(this.#text("stdout"))) this.#waiting.resolve();
  }

  #text(type: string): string {
    return this.messages.map((message) => (message.type === type ? String(message.data) : "")).join("");
  }

  #resultOf(code: number, reason: string): Result {
    const { messages } = this;
    const [stdout, stderr] = [this.#text("stdout"), this.#text("stderr")];
    return { messages, stdout, stderr, last: messages.at(-1), code, reason };
  }
}
