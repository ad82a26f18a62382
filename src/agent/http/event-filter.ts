import type { NomadEvent } from "../../nomad/wire.js";
import { HttpError } from "./http-error.js";

/** Which events a stream asked for. */
export interface EventFilter {
  readonly topics: ReadonlyMap<string, ReadonlySet<string>>;
  /** `*`: all. */
  readonly namespace: string;
}

/**
 * Reads the `topic` parameters: `Topic`, `Topic:*` or `Topic:key`; without any everything is wanted.
 * @throws HttpError 400 with Nomad's words
 */
export function parseEventFilter(query: URLSearchParams): EventFilter {
  const topics = new Map<string, Set<string>>();
  const given = query.getAll("topic");
  for (const text of given.length === 0 ? ["*:*"] : given) {
    const parts = text.split(":");
    if (parts.length > 2) {
      const words = `Invalid key value pair for topic, topic: ${text}`;
      throw new HttpError(400, `Invalid topic query: error parsing topics: ${words}`);
    }
    const [topic = "", key = "*"] = parts;
    const keys = topics.get(topic) ?? new Set<string>();
    topics.set(topic, keys.add(key));
  }
  return { topics, namespace: query.get("namespace") || "default" };
}

/** Whether an event is wanted; a key matches the record's own id or one of its filter keys, such as its job. */
export function matchesEvent(filter: EventFilter, event: NomadEvent): boolean {
  const { Namespace = "" } = event;
  if (Namespace !== "" && filter.namespace !== "*" && Namespace !== filter.namespace) return false;
  return [filter.topics.get("*"), filter.topics.get(event.Topic)].some(
    (keys) =>
      keys !== undefined &&
      (keys.has("*") || keys.has(event.Key) || (event.FilterKeys ?? []).some((key) => keys.has(key))),
  );
}
