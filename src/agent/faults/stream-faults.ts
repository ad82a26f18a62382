import type { EventStream } from "../http/event-stream.js";

/** How an event stream is broken. */
export type StreamBreak = "end" | "cut" | "mid-line" | "mid-character";

/** The beginning of a line, and one that ends between the two bytes of an `é`. */
const HALF_LINE = '{"Index":99,"Events":[{"Topic":"Job","Type":"JobRegi';
const HALF_CHARACTER = Buffer.from(`${HALF_LINE}é`, "utf8").subarray(0, -1);

/** Breaks all open event streams; returns how many. */
export function closeStreams(streams: ReadonlySet<EventStream>, how: StreamBreak): number {
  const chosen = [...streams];
  for (const stream of chosen) {
    if (how === "mid-line") stream.tear(Buffer.from(HALF_LINE));
    else if (how === "mid-character") stream.tear(HALF_CHARACTER);
    else stream.end({ cut: how === "cut" });
  }
  return chosen.length;
}
