import { z } from "zod";
import { NomadError } from "./errors.js";
import type { NomadAnswer } from "./http.js";

/** A list that was read whole, with an index up to which it surely tells everything. */
export interface Listing<T> {
  readonly index: number;
  readonly items: readonly T[];
}

/** Objects per page; a page of allocations with resources is then some hundred KB. */
const perPage = 500;

/** More pages than this is a server that never comes to an end. */
const mostPages = 2_000;

/**
 * Reads all pages of a list, or rejects: a part of a list is never taken for the whole (nomad.md). The index is the lowest of all
 * pages', in practice the first one's: later pages may already show more, but nothing up to it is missing.
 */
export async function readPages<T>(
  schema: z.ZodType<T>,
  readPage: (query: Readonly<Record<string, string>>) => Promise<NomadAnswer>,
): Promise<Listing<T>> {
  const page = z.array(schema).nullable();
  const items: T[] = [];
  let index = Number.POSITIVE_INFINITY;
  let token: string | undefined;
  for (let pages = 0; pages < mostPages; pages += 1) {
    const answer = await readPage({ per_page: String(perPage), ...(token && { next_token: token }) });
    items.push(...(readAs(page, answer.body) ?? []));
    index = Math.min(index, answer.index);
    if (answer.nextToken === undefined) return { index, items };
    if (answer.nextToken === token) break;
    token = answer.nextToken;
  }
  throw new NomadError("refused", "Nomad's list does not come to an end");
}

/** `body` as the schema has it; throws a NomadError that names the field, not its value. */
export function readAs<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.join(".") || "it";
  throw new NomadError(
    "refused",
    `Nomad sent an answer that cannot be understood: ${field}: ${issue?.message}`,
  );
}
