import { HttpError } from "./http-error.js";

/** One page of a list, and the token of the next. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextToken?: string;
}

/** What a client asked for: `per_page` and `next_token`. */
export interface PageRequest {
  /** 0: everything. */
  readonly perPage: number;
  readonly nextToken: string;
}

/** @throws HttpError 400 when `per_page` is no number */
export function pageRequestOf(query: URLSearchParams): PageRequest {
  const text = query.get("per_page") ?? "";
  if (text !== "" && !/^[+-]?\d+$/.test(text)) {
    throw new HttpError(400, "Expect a number for `per_page` query string parameter");
  }
  return { perPage: Number(text), nextToken: query.get("next_token") ?? "" };
}

/**
 * The part of an ordered list that begins at the token, as Nomad's paginator has it: the token is that of the first record of the next
 * page, and a record that is gone meanwhile is stepped over.
 */
export function paginate<T>(
  items: Iterable<T>,
  request: PageRequest,
  options: { readonly tokenOf: (item: T) => string; readonly compare: (a: string, b: string) => number },
): Page<T> {
  const page: T[] = [];
  for (const item of items) {
    const token = options.tokenOf(item);
    if (request.nextToken !== "" && options.compare(token, request.nextToken) < 0) continue;
    if (request.perPage !== 0 && page.length >= request.perPage) return { items: page, nextToken: token };
    page.push(item);
  }
  return { items: page };
}

/** Tokens that are plain texts. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Tokens of the form `<create index>.<id>`: first by number, then by id. */
export function compareIndexAndId(a: string, b: string): number {
  const [indexA = "", idA = ""] = splitOnce(a);
  const [indexB = "", idB = ""] = splitOnce(b);
  if (!/^\d+$/.test(indexA) || !/^\d+$/.test(indexB)) return compareText(a, b);
  return Number(indexA) - Number(indexB) || compareText(idA, idB);
}

function splitOnce(token: string): readonly string[] {
  const dot = token.indexOf(".");
  return dot === -1 ? [token] : [token.slice(0, dot), token.slice(dot + 1)];
}
