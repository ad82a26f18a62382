import type { IncomingMessage } from "node:http";
import { HttpError } from "./http-error.js";

/** A request as routes see it. */
export interface AgentRequest {
  readonly method: string;
  /** Decoded; job ids may hold anything, slashes too. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly raw: IncomingMessage;
}

/** What a route answers: JSON with Nomad's index. `undefined` leaves the answer to the route itself (streams). */
export interface AgentAnswer {
  readonly status?: number;
  readonly body: unknown;
  readonly index?: number;
  readonly nextToken?: string;
  /** Reads tell of the leader, writes do not. */
  readonly isRead?: boolean;
}

/** The biggest body that is read, 32 MiB. */
const BODY_LIMIT = 33_554_432;

/**
 * Takes a request line apart.
 * @throws HttpError 400 when the path is not valid percent-encoding
 */
export function parseRequest(raw: IncomingMessage): AgentRequest {
  const url = raw.url ?? "/";
  const mark = url.indexOf("?");
  const path = mark === -1 ? url : url.slice(0, mark);
  try {
    return {
      method: raw.method ?? "GET",
      path: decodeURIComponent(path),
      query: new URLSearchParams(mark === -1 ? "" : url.slice(mark + 1)),
      raw,
    };
  } catch {
    throw new HttpError(400, "400 Bad Request");
  }
}

/** Bodies that were read ahead of their route. */
const bodies = new WeakMap<IncomingMessage, Promise<Buffer>>();

/** Reads the body now and keeps it for the route, so that what is done later does not need its sender any more. Rejects as `readJson` does. */
export async function holdBody(request: AgentRequest): Promise<void> {
  const body = readBody(request.raw);
  bodies.set(request.raw, body);
  await body;
}

/**
 * Reads a JSON body.
 * @throws HttpError 400 with the words of Go's decoder for the usual cases
 */
export async function readJson(request: AgentRequest): Promise<unknown> {
  const body = await (bodies.get(request.raw) ?? readBody(request.raw));
  if (body.length === 0) throw new HttpError(400, "Request body is empty");
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (error) {
    const early = error instanceof Error && /end of JSON|Unterminated|Expected/.test(error.message);
    throw new HttpError(400, early ? "unexpected EOF" : "invalid character in the request's JSON");
  }
}

async function readBody(raw: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of raw as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_LIMIT) throw new HttpError(400, "http: request body too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The namespace that a request is about. */
export function namespaceOf(request: AgentRequest): string {
  return request.query.get("namespace") || "default";
}

/**
 * A query parameter that is a truth value as Go reads them.
 * @throws HttpError 500 with Nomad's words
 */
export function flagOf(request: AgentRequest, name: string): boolean {
  const value = request.query.get(name) ?? "";
  if (["", "0", "f", "F", "false", "FALSE", "False"].includes(value)) return false;
  if (["1", "t", "T", "true", "TRUE", "True"].includes(value)) return true;
  const words = `Failed to parse value of "${name}" (${value}) as a bool: strconv.ParseBool: parsing "${value}": invalid syntax`;
  throw new HttpError(500, words);
}
