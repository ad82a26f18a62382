import type { ClientRequest, IncomingMessage } from "node:http";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { type ClientOptions, WebSocket } from "ws";
import { answerError, isConnectionLimit } from "./answer-error.js";
import { authorityOf, type Endpoint } from "./endpoint.js";
import { NomadError } from "./errors.js";
import { networkCode, networkError } from "./network-error.js";
import type { checkNodeIdentity } from "./tls.js";

/** Output messages carry about 1 KiB; anything near this is not from Nomad. */
const longestMessage = 1024 * 1024;

/** Most bytes read of an answer that refuses the upgrade. */
const longestRefusal = 4 * 1024;

/** TLS of an exec session; without `checkServerIdentity` the certificate has to name the host. */
export interface ExecTls extends Pick<ConnectionOptions, "secureContext" | "session"> {
  readonly checkServerIdentity?: typeof checkNodeIdentity;
  /** Called with the connection before it is made. */
  onSocket(socket: TLSSocket): void;
}

/** One handshake for an exec session. */
export interface ExecHandshake {
  readonly endpoint: Endpoint;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Present: wss. */
  readonly tls?: ExecTls | undefined;
  /** Time for the TCP connection, in ms. */
  readonly connectTimeout: number;
  /** Bounds the whole handshake. */
  readonly signal: AbortSignal;
}

/** The peer took the connection and dropped it without a word: what Nomad does past its limit of connections, or when it goes down. */
export class DroppedError extends Error {
  constructor() {
    super("the connection was closed before there was an answer");
    this.name = "DroppedError";
  }
}

/**
 * Opens a WebSocket and hands it to `onOpen` in the same turn, so that no message is missed. Rejects with a NomadError:
 * `unreachable` (cause DroppedError where it applies), `no-room` for a 429, what Nomad's answer says, or what `onOpen` throws.
 */
export function connectExec<T>(handshake: ExecHandshake, onOpen: (socket: WebSocket) => T): Promise<T> {
  const { signal } = handshake;
  return new Promise<T>((resolve, reject) => {
    if (signal.aborted) {
      reject(networkError(signal.reason, signal));
      return;
    }
    let connected = false;
    const settle = () => {
      signal.removeEventListener("abort", onAbort);
      socket.removeAllListeners();
    };
    const fail = (error: unknown) => {
      settle();
      // Errors of a handshake that was given up are of no interest.
      socket.on("error", () => undefined);
      socket.terminate();
      reject(networkError(error, signal));
    };
    const onAbort = () => fail(signal.reason);
    const socket = open(handshake, () => {
      connected = true;
    });
    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("open", () => {
      settle();
      try {
        resolve(onOpen(socket));
      } catch (error) {
        fail(error);
      }
    });
    socket.on("error", (error) => fail(connected && networkCode(error) === "ECONNRESET" ? dropped() : error));
    socket.on("unexpected-response", (request, answer) => {
      readRefusal(answer, (text) => {
        request.destroy();
        if (socket.readyState === WebSocket.CONNECTING) fail(refusal(answer.statusCode ?? 0, text));
      });
    });
  });
}

function open(handshake: ExecHandshake, onConnect: () => void): WebSocket {
  const { endpoint, path, headers, tls, connectTimeout } = handshake;
  // ws hands all of it to Node's TLS; its own type has another checkServerIdentity than Node.
  const secure: Omit<ConnectionOptions, "checkServerIdentity"> = tls ?? {};
  const options: ClientOptions = {
    ...secure,
    headers,
    perMessageDeflate: false,
    maxPayload: longestMessage,
    // Messages are decoded as bytes.
    skipUTF8Validation: true,
    // The mask stays zero, which is none: it is to keep others from choosing the bytes on the wire (RFC 6455, 10.3), and nobody chooses these,
    // JSON of ours with base64 in it. ws masks byte by byte, 70 ms for 10 MB.
    generateMask: () => undefined,
    finishRequest: (request) => {
      watchConnect(request, { connectTimeout, onConnect });
      if (tls) request.once("socket", (socket) => tls.onSocket(socket as TLSSocket));
      request.end();
    },
  };
  return new WebSocket(`${tls ? "wss" : "ws"}://${authorityOf(endpoint)}${path}`, options);
}

function watchConnect(
  request: ClientRequest,
  options: { readonly connectTimeout: number; readonly onConnect: () => void },
): void {
  const timer = setTimeout(() => {
    request.destroy(Object.assign(new Error("no connection in time"), { code: "ETIMEDOUT" }));
  }, options.connectTimeout);
  request.once("close", () => clearTimeout(timer));
  request.once("socket", (socket) => {
    socket.setKeepAlive(true, 10_000);
    socket.once("connect", () => {
      clearTimeout(timer);
      options.onConnect();
    });
  });
}

function readRefusal(answer: IncomingMessage, done: (text: string) => void): void {
  let text = "";
  answer.setEncoding("utf8");
  answer.on("data", (chunk: string) => {
    text += chunk;
    if (text.length > longestRefusal) answer.destroy();
  });
  answer.on("error", () => undefined);
  answer.on("close", () => done(text));
}

function refusal(status: number, text: string): NomadError {
  if (!isConnectionLimit(status)) return answerError(status, text);
  const message = "Nomad allows no more connections from this address (http_max_conns_per_client)";
  return new NomadError("no-room", message, { status });
}

function dropped(): NomadError {
  const cause = new DroppedError();
  return new NomadError("unreachable", `Nomad cannot be reached: ${cause.message}`, { cause });
}
