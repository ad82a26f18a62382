import type { MetricsSink } from "../telemetry/metrics-sink.js";
import type { NomadError } from "./errors.js";
import { isNomadError } from "./errors.js";
import type { ExecOpener } from "./exec.js";
import type { NomadRequest } from "./http.js";
import type { NomadEvent } from "./wire.js";

/** What stands behind `/v1/` in paths of few values; anything else is an id. */
const WORDS: ReadonlySet<string> = new Set(
  "agent allocation allocations configuration evaluation job jobs leader node operator parse scheduler self status".split(
    " ",
  ),
);

/** Topics of the event stream that we follow. */
const TOPICS: ReadonlySet<string> = new Set(["Allocation", "Evaluation", "Job"]);

/** A path of Nomad's API without its ids: `/v1/job/:id/allocations`. */
export function routeOf(path: string): string {
  const [, version = "", ...parts] = path.split("/");
  return `/${[version, ...parts.map((part) => (WORDS.has(part) ? part : ":id"))].join("/")}`;
}

/** Counts and measures a call to Nomad. */
export async function measureCall<T>(
  metrics: MetricsSink,
  { method, path }: NomadRequest,
  call: () => Promise<T>,
): Promise<T> {
  const route = routeOf(path);
  const start = performance.now();
  const note = (code: string): void => {
    metrics.count("nomadRequests", { route, method, code });
    metrics.observe("nomadDuration", { route }, performance.now() - start);
  };
  try {
    const answer = await call();
    note("200");
    return answer;
  } catch (error) {
    note(codeOf(error));
    throw error;
  }
}

function codeOf(error: unknown): string {
  if (!isNomadError(error)) return "unreachable";
  return String((error as NomadError).status ?? (error.code === "aborted" ? "aborted" : "unreachable"));
}

/** Counts an event; how old its change was, where it says when that was. */
export function noteEvent(metrics: MetricsSink, { Topic, Payload }: NomadEvent, now: number): void {
  metrics.count("events", { topic: TOPICS.has(Topic) ? Topic : "other" });
  // Nanoseconds since 1970, of an allocation or an evaluation.
  const at = Payload.Allocation?.ModifyTime ?? Payload.Evaluation?.ModifyTime;
  if (typeof at === "number" && at > 0) metrics.observe("eventLag", {}, Math.max(0, now - at / 1e6));
}

/** The same opener, with the time that each session took to be open. */
export function measuredOpener(opener: ExecOpener, metrics: MetricsSink): ExecOpener {
  return {
    async open(target, options) {
      const start = performance.now();
      const session = await opener.open(target, options);
      metrics.observe("stepDuration", { step: "exec_open" }, performance.now() - start);
      return session;
    },
  };
}
