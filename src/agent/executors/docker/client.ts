import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import type { Socket } from "node:net";
import { LineSplitter } from "../../../lib/line-splitter.js";
import { DockerError } from "./errors.js";

const ANSWER_TIMEOUT_MS = 60_000;
const ANSWER_LIMIT = 8 * 2 ** 20;
const LINE_LIMIT = 2 ** 20;

/** One request to the Docker Engine API. */
export interface DockerRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The Docker Engine API over its Unix socket. Paths carry no version: Docker takes its newest then, and the few fields used here are in
 * all of them. Each request has a connection of its own, which costs nothing on a Unix socket and is never found closed.
 */
export class DockerClient {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** Resolves with the answer's JSON, undefined where there is none. Rejects with a DockerError, or an Error without an answer. */
  async call(request: DockerRequest): Promise<unknown> {
    const text = await readAll(await this.#send(request, { timeout: ANSWER_TIMEOUT_MS }));
    return text === "" ? undefined : (JSON.parse(text) as unknown);
  }

  /** Answers that go on: one JSON value a line. Ends with the answer, rejects when its connection breaks. `onOpen`: it has begun. */
  async *lines(
    request: DockerRequest,
    options: { readonly onOpen?: () => void } = {},
  ): AsyncGenerator<unknown> {
    const answer = await this.#send(request, {});
    options.onOpen?.();
    const splitter = new LineSplitter({ maximum: LINE_LIMIT });
    for await (const chunk of answer) {
      for (const line of splitter.push(chunk as Buffer)) {
        if (line.trim() !== "") yield JSON.parse(line) as unknown;
      }
    }
  }

  /** Takes the request's connection over, in both directions. `head`: what came with the answer. The socket is paused. */
  hijack(request: DockerRequest): Promise<{ readonly socket: Socket; readonly head: Buffer }> {
    return new Promise((resolve, reject) => {
      const options = this.#options(request, { Connection: "Upgrade", Upgrade: "tcp" });
      const outgoing = httpRequest({ ...options, timeout: ANSWER_TIMEOUT_MS });
      outgoing.once("upgrade", (_answer, socket, head) => {
        socket.pause();
        socket.setTimeout(0);
        resolve({ socket: socket as Socket, head });
      });
      outgoing.once("response", (answer) => {
        refusal(answer).then(reject, reject);
      });
      outgoing.once("timeout", () => outgoing.destroy(new Error("Docker does not answer")));
      outgoing.once("error", reject);
      outgoing.end(bodyOf(request));
    });
  }

  #send(request: DockerRequest, { timeout }: { readonly timeout?: number }): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest({ ...this.#options(request, {}), ...(timeout ? { timeout } : {}) });
      outgoing.once("response", (answer) => {
        if ((answer.statusCode ?? 0) < 300) resolve(answer);
        else refusal(answer).then(reject, reject);
      });
      outgoing.once("timeout", () => outgoing.destroy(new Error("Docker does not answer")));
      outgoing.once("error", reject);
      outgoing.end(bodyOf(request));
    });
  }

  #options(request: DockerRequest, headers: Readonly<Record<string, string>>): RequestOptions {
    const query = request.query === undefined ? "" : `?${new URLSearchParams(request.query)}`;
    return {
      socketPath: this.#socketPath,
      agent: false,
      method: request.method,
      path: `${request.path}${query}`,
      headers: { Host: "docker", "Content-Type": "application/json", ...headers },
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    };
  }
}

function bodyOf({ json }: DockerRequest): string {
  return json === undefined ? "" : JSON.stringify(json);
}

/** The error that an answer tells. */
async function refusal(answer: IncomingMessage): Promise<DockerError> {
  const text = await readAll(answer);
  let message = text.trim();
  try {
    const { message: own } = JSON.parse(text) as { readonly message?: unknown };
    if (typeof own === "string") message = own;
  } catch {
    // It is the text then.
  }
  return new DockerError(answer.statusCode ?? 0, message || `Docker answered ${answer.statusCode}`);
}

async function readAll(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer) {
    length += (chunk as Buffer).length;
    if (length > ANSWER_LIMIT) throw new Error("Docker's answer is too long");
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}
