import { randomUUID } from "node:crypto";
import type { ExecutionRequest } from "./handle.js";

interface Prepared {
  readonly request: ExecutionRequest;
  readonly expiresAt: number;
}

/** The executions of one runner that wait for their WebSocket. Unopened ones are forgotten, so that they cannot pile up (rest-api.md, D). */
export class PreparedExecutions {
  readonly #ttlMs: number;
  readonly #prepared = new Map<string, Prepared>();

  /** `ttl` in seconds: `server.executionttl`. */
  constructor(ttl: number) {
    this.#ttlMs = ttl * 1_000;
  }

  /** Stores a request; returns its new id (UUID v4). */
  add(request: ExecutionRequest): string {
    this.dropExpired();
    const id = randomUUID();
    this.#prepared.set(id, { request, expiresAt: performance.now() + this.#ttlMs });
    return id;
  }

  has(id: string): boolean {
    this.dropExpired();
    return this.#prepared.has(id);
  }

  /** Takes a request off the list: it can be opened once. */
  take(id: string): ExecutionRequest | undefined {
    this.dropExpired();
    const prepared = this.#prepared.get(id);
    this.#prepared.delete(id);
    return prepared?.request;
  }

  /** All live equally long, so the oldest stand first. */
  dropExpired(): void {
    const now = performance.now();
    for (const [id, { expiresAt }] of this.#prepared) {
      if (expiresAt > now) return;
      this.#prepared.delete(id);
    }
  }
}
