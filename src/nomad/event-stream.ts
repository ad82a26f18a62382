import type { Dispatcher } from "undici";
import { z } from "zod";
import { LineSplitter, LineTooLongError } from "../lib/line-splitter.js";
import { withDeadline } from "../lib/with-deadline.js";
import type { Logger } from "../telemetry/logger.js";
import { answerError } from "./answer-error.js";
import { NomadError } from "./errors.js";
import { pathOf, readText } from "./http.js";
import { networkError } from "./network-error.js";
import { allocationSchema, evaluationSchema, jobSchema } from "./schemas.js";
import type { NomadTransport } from "./transport.js";
import type { EventFrame, NomadEvent } from "./wire.js";

/** The stream is open, or there is an error, after this time in ms. */
const openTimeout = 5_000;

/** Nomad sends a heartbeat every 30 s; after this time without a byte the connection is dead (nomad.md, D). In ms. */
const longestSilence = 75_000;

/** One line holds the events of one change; a job with thousands of tasks would have less. In bytes. */
const longestLine = 16 * 1024 * 1024;

/** How the event stream is opened. */
export interface EventStreamOptions {
  /** Events from this index on; Nomad may send older ones too. */
  readonly index: number;
  readonly logger: Logger;
  /** In ms; for tests. */
  readonly silence?: number;
  /** Ends the stream. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Nomad's event stream over one connection of its own: opened by the first `next`, closed when the iteration is left. Heartbeats
 * come as frames without events. Throws a NomadError when it cannot be opened (5 s), breaks, falls silent or is aborted, and
 * returns when Nomad ends it; connecting again, and a snapshot then, is the caller's part.
 */
export async function* openEventStream(
  transport: NomadTransport,
  options: EventStreamOptions,
): AsyncGenerator<EventFrame, void, void> {
  const { signal, logger } = options;
  const connection = transport.streamConnection({ silence: options.silence ?? longestSilence });
  const onAbort = () => void connection.destroy();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const body = await openBody(transport, connection, options);
    const lines = new LineSplitter({ maximum: longestLine });
    const parser = new FrameParser(logger);
    for await (const chunk of body as AsyncIterable<Buffer>) {
      for (const line of lines.push(chunk)) if (line.trim() !== "") yield parser.parse(line);
    }
    if (lines.pending) throw broken("Nomad's event stream ended within a line");
  } catch (error) {
    if (error instanceof LineTooLongError) throw broken("a line of Nomad's event stream is too long");
    throw networkError(error, signal);
  } finally {
    signal?.removeEventListener("abort", onAbort);
    // Never awaited: what is left of the connection is of no interest any more.
    void connection.destroy();
  }
}

const topics = ["Evaluation", "Allocation", "Job"].map((topic) => `topic=${topic}:*`).join("&");

async function openBody(
  transport: NomadTransport,
  connection: Dispatcher,
  options: EventStreamOptions,
): Promise<Dispatcher.ResponseData["body"]> {
  const query = { index: String(options.index) };
  const path = `${pathOf("/v1/event/stream", { namespace: transport.options.namespace, query })}&${topics}`;
  return await withDeadline(
    openTimeout,
    async (signal) => {
      if (signal.aborted) throw networkError(signal.reason, signal);
      const onOver = () => void connection.destroy();
      signal.addEventListener("abort", onOver, { once: true });
      try {
        const answer = await connection.request({ method: "GET", path, headers: transport.headers });
        if (answer.statusCode !== 200) throw answerError(answer.statusCode, await readText(answer.body));
        return answer.body;
      } catch (error) {
        throw networkError(error, signal);
      } finally {
        signal.removeEventListener("abort", onOver);
      }
    },
    { signal: options.signal },
  );
}

function broken(message: string): NomadError {
  return new NomadError("unreachable", message);
}

const frameSchema = z.object({
  Index: z.int().exactOptional(),
  Events: z.array(z.unknown()).nullable().exactOptional(),
});

const eventSchema: z.ZodType<NomadEvent> = z.object({
  Topic: z.string(),
  Type: z.string(),
  Key: z.string(),
  Namespace: z.string().exactOptional(),
  Index: z.int(),
  FilterKeys: z.array(z.string()).nullable().exactOptional(),
  Payload: z.object({
    Job: jobSchema.exactOptional(),
    Allocation: allocationSchema.exactOptional(),
    Evaluation: evaluationSchema.exactOptional(),
  }),
});

class FrameParser {
  readonly #logger: Logger;
  #said = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** A line as a frame. A line that is no frame breaks the stream: events around it may be lost too. */
  parse(line: string): EventFrame {
    const frame = frameSchema.safeParse(jsonOf(line));
    if (!frame.success) throw broken("a line of Nomad's event stream cannot be read");
    const { Index, Events } = frame.data;
    return {
      ...(Index !== undefined && { Index }),
      ...(Events && { Events: Events.flatMap((event) => this.#parseEvent(event)) }),
    };
  }

  /**
   * An event that is whole but has a field of a kind we do not know is left out: it would come again after every reconnect, and the
   * snapshots tell what it told.
   */
  #parseEvent(event: unknown): NomadEvent[] {
    const parsed = eventSchema.safeParse(event);
    if (parsed.success) return [parsed.data];
    if (!this.#said) {
      const field = parsed.error.issues[0]?.path.join(".") ?? "";
      this.#logger.warn("an event of Nomad has an unknown form and is left out", { field });
      this.#said = true;
    }
    return [];
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
