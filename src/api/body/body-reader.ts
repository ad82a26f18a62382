import type { IncomingMessage } from "node:http";
import { ApiError } from "../errors.js";
import type { BodyBudget, BodyShare } from "./body-budget.js";

/** ms in which a body must arrive; waiting for room in the budget does not count (rest-api.md, "Time limits"). */
const ARRIVAL_MS = 15_000;
/** A body below this share of the budget (and 64 KiB) need not wait: it is no more than a connection costs anyway. */
const SMALL_SHARE = 8192;
const SMALL_BYTES = 64 * 1024;
const FIRST_BYTES = 16 * 1024;
const TRUSTED_BYTES = 4 * 1024 * 1024;

/** A body that was read; `release` gives its room in the budget back once its bytes are not needed any more. */
export interface ReadBody {
  readonly bytes: Buffer;
  release(): void;
}

/** Limits for one body, in bytes. */
export interface BodyReaderOptions {
  readonly limit: number;
  readonly budget: BodyBudget;
  /** `server.bodybudget`. */
  readonly budgetSize: number;
}

const tooLarge = (limit: number): ApiError =>
  new ApiError(413, `the request body is larger than ${limit} bytes`);

/** Reads a request's body into one buffer. Throws ApiError 413 past the limit, 408 when it does not arrive in time, 400 when it is cut. */
export function readBody(message: IncomingMessage, options: BodyReaderOptions): Promise<ReadBody> {
  return new BodyReading(message, options).run();
}

/** Reads a body to its end and drops it; an answer before the end breaks some clients. Ends early past `limit` bytes or 15 s. */
export function discardBody(message: IncomingMessage, limit: number): Promise<void> {
  return new Promise((resolve) => {
    if (message.complete || message.destroyed) return resolve();
    let seen = 0;
    const end = (): void => {
      clearTimeout(timer);
      message.off("data", onData).off("end", end).off("close", end).off("error", end);
      message.resume();
      resolve();
    };
    const onData = (chunk: Buffer): void => {
      seen += chunk.length;
      if (seen > limit) end();
    };
    const timer = setTimeout(end, ARRIVAL_MS);
    message.on("data", onData).on("end", end).on("close", end).on("error", end);
  });
}

class BodyReading {
  readonly #message: IncomingMessage;
  readonly #limit: number;
  readonly #declared: number | undefined;
  readonly #share: BodyShare | undefined;
  #buffer: Buffer;
  #length = 0;
  #held: Buffer | undefined;
  #timer: NodeJS.Timeout | undefined;
  #leftMs = ARRIVAL_MS;
  #since = 0;
  #settle: ((error?: Error) => void) | undefined;

  constructor(message: IncomingMessage, { limit, budget, budgetSize }: BodyReaderOptions) {
    this.#message = message;
    this.#limit = limit;
    const header = message.headers["content-length"];
    this.#declared = header === undefined ? undefined : Number(header);
    const expected = Math.min(this.#declared ?? limit, limit);
    const small = this.#declared !== undefined && expected <= Math.min(SMALL_BYTES, budgetSize / SMALL_SHARE);
    if (!small) this.#share = budget.open(expected, () => this.#onRoom());
    this.#buffer = Buffer.allocUnsafe(Math.min(expected, FIRST_BYTES));
  }

  async run(): Promise<ReadBody> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#settle = (error) => (error === undefined ? resolve() : reject(error));
        this.#start();
      });
      this.#share?.complete();
    } catch (error) {
      this.#share?.release();
      throw error;
    } finally {
      this.#stop();
    }
    return { bytes: this.#buffer.subarray(0, this.#length), release: () => this.#share?.release() };
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#length + chunk.length > this.#limit) return this.#settle?.(tooLarge(this.#limit));
    if (this.#share?.take(chunk.length) ?? true) return this.#append(chunk);
    this.#held = chunk;
    this.#message.pause();
    this.#stopTimer();
  };

  readonly #onEnd = (): void => {
    // A chunk that waits for room is still to be appended.
    if (this.#held === undefined) this.#settle?.();
  };

  readonly #onCut = (): void => {
    if (!this.#message.readableEnded) this.#settle?.(new ApiError(400, "the request body was cut off"));
  };

  #start(): void {
    if ((this.#declared ?? 0) > this.#limit) return this.#settle?.(tooLarge(this.#limit));
    if (this.#message.destroyed && !this.#message.readableEnded) return this.#onCut();
    this.#startTimer();
    this.#message
      .on("data", this.#onData)
      .on("end", this.#onEnd)
      .on("close", this.#onCut)
      .on("error", this.#onCut);
  }

  #stop(): void {
    this.#stopTimer();
    this.#message.off("data", this.#onData).off("end", this.#onEnd).off("close", this.#onCut);
    this.#message.off("error", this.#onCut);
    this.#held = undefined;
    // What still comes of a refused body is dropped, so that the answer can be read and the connection used again.
    this.#message.resume();
  }

  #append(chunk: Buffer): void {
    const needed = this.#length + chunk.length;
    if (needed > this.#buffer.length) this.#grow(needed);
    this.#length += chunk.copy(this.#buffer, this.#length);
  }

  /** A declared length is believed only once a part of it has come: declaring costs a client nothing. */
  #grow(needed: number): void {
    const whole = this.#declared !== undefined && needed > TRUSTED_BYTES ? this.#declared : 0;
    const size = Math.min(this.#limit, Math.max(needed, 2 * this.#buffer.length, whole));
    const larger = Buffer.allocUnsafe(size);
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }

  #onRoom(): void {
    const chunk = this.#held;
    if (chunk === undefined) return;
    this.#held = undefined;
    this.#startTimer();
    this.#onData(chunk);
    if (this.#held !== undefined) return;
    if (this.#message.readableEnded) this.#settle?.();
    else this.#message.resume();
  }

  #startTimer(): void {
    this.#since = performance.now();
    this.#timer = setTimeout(() => {
      this.#settle?.(new ApiError(408, `the request body did not arrive within ${ARRIVAL_MS / 1000} s`));
    }, this.#leftMs);
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#leftMs = Math.max(1, this.#leftMs - (performance.now() - this.#since));
  }
}
