import type { Dispatcher } from "undici";
import { withDeadline } from "../lib/with-deadline.js";
import { answerError } from "./answer-error.js";
import { ANSWER_MS } from "./answer-time.js";
import { NomadError } from "./errors.js";
import { measureCall } from "./measured.js";
import { networkCode, networkError } from "./network-error.js";
import type { NomadTransport } from "./transport.js";

/** No answer is longer; a page of a list has some MB. */
const longestAnswer = 64 * 1024 * 1024;

/** One call to Nomad. `path` begins with `/v1/` and is percent-encoded. */
export interface NomadRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

/** Nomad's answer to a call that succeeded. */
export interface NomadAnswer {
  readonly body: unknown;
  /** `X-Nomad-Index`; 0 where the answer has none. */
  readonly index: number;
  /** `X-Nomad-Nexttoken` of a list that has more pages. */
  readonly nextToken: string | undefined;
}

/** The path and query of a call, with the namespace. */
export function pathOf(
  path: string,
  options: { readonly namespace: string; readonly query?: Readonly<Record<string, string>> },
): string {
  return `${path}?${new URLSearchParams({ ...options.query, namespace: options.namespace })}`;
}

/**
 * Calls Nomad's API: JSON both ways, at most ANSWER_MS. Rejects with a NomadError. A GET whose kept connection turns out to be closed is
 * sent once more; a POST or DELETE whose answer was lost is `unreachable`, and repeating it is the caller's decision.
 */
export function callNomad(transport: NomadTransport, request: NomadRequest): Promise<NomadAnswer> {
  return measureCall(transport.metrics, request, () => callInTime(transport, request));
}

async function callInTime(transport: NomadTransport, request: NomadRequest): Promise<NomadAnswer> {
  return await withDeadline(
    ANSWER_MS,
    async (signal) => {
      try {
        return await send(transport, request, signal);
      } catch (error) {
        if (request.method !== "GET" || signal.aborted || !isLostConnection(error)) {
          throw networkError(error, signal);
        }
      }
      try {
        return await send(transport, request, signal);
      } catch (error) {
        throw networkError(error, signal);
      }
    },
    { signal: request.signal },
  );
}

function isLostConnection(error: unknown): boolean {
  return ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"].includes(networkCode(error) ?? "");
}

async function send(
  transport: NomadTransport,
  request: NomadRequest,
  signal: AbortSignal,
): Promise<NomadAnswer> {
  const { namespace } = transport.options;
  const answer = await transport.pool.request({
    method: request.method,
    path: pathOf(request.path, { namespace, ...(request.query && { query: request.query }) }),
    headers: {
      ...transport.headers,
      ...(request.body !== undefined && { "content-type": "application/json" }),
    },
    body: request.body === undefined ? null : JSON.stringify(request.body),
    signal,
  });
  const text = await readText(answer.body);
  if (answer.statusCode < 200 || answer.statusCode > 299) throw answerError(answer.statusCode, text);
  return {
    body: parse(text, answer.statusCode),
    index: Number(headerOf(answer, "x-nomad-index")) || 0,
    nextToken: headerOf(answer, "x-nomad-nexttoken") || undefined,
  };
}

/** The whole body of an answer; rejects past 64 MiB. */
export async function readText(body: Dispatcher.ResponseData["body"]): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > longestAnswer) throw new NomadError("refused", "Nomad's answer is too long to be read");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length).toString("utf8");
}

function parse(text: string, status: number): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's error quotes the text, which may be a job; so it is not kept as cause.
    throw new NomadError("refused", "Nomad sent an answer that is not JSON", { status });
  }
}

function headerOf(answer: Dispatcher.ResponseData, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
