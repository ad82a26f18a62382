import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "../../telemetry/logger.js";
import type { ServedRequest } from "../options.js";
import { logRequest } from "./request-log.js";

/** ms that a body may still take to arrive once its answer was sent; then the connection is cut. */
const LINGER_MS = 15_000;

/** What the end of a request is told to. */
export interface RequestsUnderWayOptions {
  readonly logger: Logger;
  readonly loggingFilterToken: string;
  readonly onServed: ((request: ServedRequest) => void) | undefined;
}

/** Counts the requests (WebSockets included) that have no whole answer yet, and tells log and metrics of each when it ends. */
export class RequestsUnderWay {
  readonly #options: RequestsUnderWayOptions;
  readonly #waiting = new Set<() => void>();
  #count = 0;

  constructor(options: RequestsUnderWayOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#count;
  }

  /** Calls `callback` once, as soon as no request is under way; returns how to take that back. */
  onceIdle(callback: () => void): () => void {
    if (this.#count === 0) callback();
    else this.#waiting.add(callback);
    return () => void this.#waiting.delete(callback);
  }

  addTo(app: FastifyInstance): void {
    app.decorateRequest("bodySize", 0);
    app.decorateRequest("upgraded", false);
    app.addHook("onRequest", (request, reply, done) => {
      const start = performance.now();
      this.#count++;
      // `close` comes after every answer, and also when the client goes away before.
      reply.raw.once("close", () => this.#end(request, reply, performance.now() - start));
      done();
    });
  }

  #end(request: FastifyRequest, reply: FastifyReply, durationMs: number): void {
    this.#count--;
    if (!request.raw.complete) cutLater(request);
    this.#report(request, statusOf(request, reply), durationMs);
    if (this.#count > 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const callback of waiting) callback();
  }

  #report(request: FastifyRequest, code: number, durationMs: number): void {
    const { logger, loggingFilterToken, onServed } = this.#options;
    const { id, method, url } = request;
    const userAgent = request.headers["user-agent"] ?? "";
    logRequest(logger, { id, method, url, code, durationMs, userAgent }, loggingFilterToken);
    const route = request.routeOptions.config.name;
    if (onServed === undefined || route === undefined) return;
    const { runnerId, id: environmentId } = request.params as { runnerId?: string; id?: string };
    onServed({
      route,
      method,
      status: code,
      durationMs,
      runnerId,
      environmentId,
      requestSize: request.bodySize,
    });
  }
}

/** 101 once upgraded; 499 when the client went before its answer began. */
function statusOf(request: FastifyRequest, reply: FastifyReply): number {
  if (request.upgraded) return 101;
  return reply.raw.headersSent ? reply.raw.statusCode : 499;
}

/** A body that nobody waits for any more is read and dropped, so that the connection can be used again; but not for ever. */
function cutLater(request: FastifyRequest): void {
  const { raw } = request;
  if (raw.destroyed || raw.socket.destroyed) return;
  const timer = setTimeout(() => raw.socket.destroy(), LINGER_MS).unref();
  raw.once("close", () => clearTimeout(timer));
  raw.resume();
}
