import type { FastifyInstance } from "fastify";
import type { RunnerService } from "../../runner/handle.js";
import { ApiError } from "../errors.js";
import type { TokenCheck } from "./auth.js";

/** Addresses remembered at most; past it the one that asked longest ago is forgotten. */
const MAX_ADDRESSES = 10_000;

interface Allowance {
  tokens: number;
  at: number;
}

/** A token bucket per client address: `rate` requests a second, as many at once. Bounded memory; pure but for the given time. */
export class RateLimiter {
  readonly #rate: number;
  readonly #allowances = new Map<string, Allowance>();

  constructor(rate: number) {
    this.#rate = rate;
  }

  /** Takes one request's allowance at `nowMs`; false when there is none left. */
  take(address: string, nowMs: number): boolean {
    const full = Math.max(1, this.#rate);
    const before = this.#allowances.get(address) ?? { tokens: full, at: nowMs };
    const tokens = Math.min(full, before.tokens + ((nowMs - before.at) / 1000) * this.#rate);
    this.#allowances.delete(address);
    this.#allowances.set(address, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: nowMs });
    const oldest = this.#allowances.keys().next();
    if (this.#allowances.size > MAX_ADDRESSES && !oldest.done) this.#allowances.delete(oldest.value);
    return tokens >= 1;
  }
}

/** Past `rate` requests a second of one client 429; requests of claimed runners are never shed (configuration.md). */
export function addRateLimit(
  app: FastifyInstance,
  options: {
    readonly rate: number;
    readonly runners: Pick<RunnerService, "find">;
    readonly isAuthorized: TokenCheck;
  },
): void {
  const { rate, runners, isAuthorized } = options;
  if (rate <= 0) return;
  const limiter = new RateLimiter(rate);
  const has = (id: string | undefined): boolean => id !== undefined && runners.find(id) !== undefined;
  app.addHook("onRequest", (request, reply, done) => {
    const { runnerId } = request.params as { readonly runnerId?: string };
    // Whoever guesses tokens is not spared, whatever the path.
    const claimed = () => isAuthorized(request.headers["poseidon-token"]) && has(runnerId);
    if (claimed() || limiter.take(request.ip, performance.now())) return done();
    reply.header("retry-after", "1");
    done(new ApiError(429, "too many requests"));
  });
}
