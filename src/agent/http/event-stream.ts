import type { ServerResponse } from "node:http";
import { DROPPED, type EventBatch, encodeBatch } from "../state/event-buffer.js";
import type { AgentContext } from "./context.js";
import { type EventFilter, matchesEvent, parseEventFilter } from "./event-filter.js";
import { HttpError } from "./http-error.js";
import type { AgentRequest } from "./request.js";

/** One open event stream: sends what the buffer has from a position on, and a heartbeat every 30 s. */
export class EventStream {
  readonly #context: AgentContext;
  readonly #response: ServerResponse;
  readonly #filter: EventFilter;
  #position: number;
  #ended = false;
  #blocked = false;
  #heartbeat: NodeJS.Timeout | undefined;
  #unsubscribe: () => void = () => undefined;

  constructor(
    context: AgentContext,
    response: ServerResponse,
    options: { readonly filter: EventFilter; readonly index: number },
  ) {
    this.#context = context;
    this.#response = response;
    this.#filter = options.filter;
    this.#position = context.store.events.positionOf(options.index);
  }

  start(): void {
    const response = this.#response;
    response.writeHead(200, { "Content-Type": "application/json", "Cache-Control": "no-cache" });
    response.on("drain", () => {
      this.#blocked = false;
      this.#pump();
    });
    response.on("close", () => this.#cleanUp());
    this.#write("{}\n");
    const beat = () => {
      if (this.#context.faults?.heartbeatsStopped !== true) this.#write("{}\n");
    };
    this.#heartbeat = setInterval(beat, this.#context.settings.heartbeatInterval);
    this.#unsubscribe = this.#context.store.events.subscribe(() => this.#pump());
    this.#pump();
  }

  #write(text: string): void {
    if (this.#ended) return;
    if (!this.#response.write(text)) this.#blocked = true;
  }

  /** Sends a part of a line, and cuts the connection once it is out (fault injection). */
  tear(part: Buffer): void {
    if (this.#ended) return;
    this.#response.write(part, () => this.#response.socket?.destroySoon());
    this.#cleanUp();
  }

  /** Ends the stream properly, or by cutting its connection. */
  end(options: { readonly cut: boolean }): void {
    if (options.cut) this.#response.destroy();
    else if (!this.#ended) this.#response.end();
    this.#cleanUp();
  }

  #pump(): void {
    while (!this.#ended && !this.#blocked) {
      const batch = this.#context.store.events.at(this.#position);
      if (batch === undefined) return;
      if (batch === DROPPED) {
        // Nomad writes its error behind what was sent.
        this.#write("event dropped from buffer");
        this.end({ cut: false });
        return;
      }
      this.#position++;
      const line = this.#lineOf(batch);
      if (line !== undefined) this.#write(`${line}\n`);
    }
  }

  #lineOf(batch: EventBatch): string | undefined {
    const wanted = batch.events.filter((event) => matchesEvent(this.#filter, event));
    if (wanted.length === 0) return undefined;
    return wanted.length === batch.events.length ? batch.line() : encodeBatch(batch.index, wanted);
  }

  #cleanUp(): void {
    this.#ended = true;
    if (this.#heartbeat !== undefined) clearInterval(this.#heartbeat);
    this.#unsubscribe();
  }
}

/**
 * `GET /v1/event/stream`.
 * @throws HttpError 400 for a wrong index or topic
 */
export function openEventStream(
  context: AgentContext,
  request: AgentRequest,
  response: ServerResponse,
): EventStream {
  const text = request.query.get("index") || "0";
  if (!/^[+-]?\d+$/.test(text)) {
    throw new HttpError(400, `Unable to parse index: strconv.Atoi: parsing "${text}": invalid syntax`);
  }
  const stream = new EventStream(context, response, {
    filter: parseEventFilter(request.query),
    index: Number(text),
  });
  stream.start();
  return stream;
}
