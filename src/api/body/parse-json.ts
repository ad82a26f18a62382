import { randomBytes } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { ApiError, badRequest } from "../errors.js";
import { type JsonScan, scanJson } from "./json-scanner.js";
import { LongText } from "./long-text.js";

/** From this many bytes on a string value stays outside the parsed text. */
const LONG_BYTES = 1024;
/** A long string other than a `content` becomes a text up to this size; nothing longer is a valid value of any field. */
const TEXT_BYTES = 8 * 1024 * 1024;
/** Each value takes some hundred bytes once parsed, however short it was sent. */
const MAX_VALUES = 1_000_000;
const MAX_DEPTH = 1000;
/** The one field whose long values are handed over as they came (rest-api.md, PATCH files). */
const RAW_FIELD = "content";

/** Marks the place of a long string. Nobody can send it, for nobody knows it. */
const MARK = `\u0000${randomBytes(16).toString("hex")}:`;
const MARK_JSON = `"${JSON.stringify(MARK).slice(1, -1)}`;

const malformed = (): ApiError => badRequest("the request body is not valid JSON");

/**
 * Parses a request's body. Long strings in fields named `content` come as LongText, which shares the body's memory, so that a file of
 * hundreds of MB is held once and does not block the server while it is parsed. Throws ApiError 400 (not JSON, empty) or 413 (too many values).
 */
export async function parseJson(body: Buffer): Promise<unknown> {
  if (body.length === 0) throw badRequest("the request body is empty, a JSON object was expected");
  const scan = scanJson(body, { longBytes: LONG_BYTES, maxValues: MAX_VALUES, maxDepth: MAX_DEPTH });
  let step = scan.next();
  while (!step.done) {
    await nextTurn();
    step = scan.next();
  }
  return parse(body, step.value);
}

function parse(body: Buffer, { long, values, depth }: JsonScan): unknown {
  if (values > MAX_VALUES) {
    throw new ApiError(413, `the request body has more than ${MAX_VALUES} values`);
  }
  if (depth > MAX_DEPTH) throw badRequest(`the request body nests deeper than ${MAX_DEPTH} levels`);
  try {
    if (long.length === 0) return JSON.parse(body.toString("utf8"));
    let skeleton = "";
    let from = 0;
    for (const [index, { start, end }] of long.entries()) {
      skeleton += `${body.toString("utf8", from, start - 1)}${MARK_JSON}${index}"`;
      from = end + 1;
    }
    skeleton += body.toString("utf8", from);
    const texts = long.map(({ start, end }) => new LongText(body.subarray(start, end)));
    return JSON.parse(skeleton, (key, value: unknown) => restore(key, value, texts));
  } catch {
    throw malformed();
  }
}

function restore(key: string, value: unknown, texts: readonly LongText[]): unknown {
  if (typeof value !== "string" || !value.startsWith(MARK)) return value;
  const text = texts[Number(value.slice(MARK.length))];
  if (text === undefined || key === RAW_FIELD || text.raw.length > TEXT_BYTES) return text;
  return text.text();
}
