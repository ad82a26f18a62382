import type { z } from "zod";
import { badRequest } from "../errors.js";

/** `copy[0].path`: where in a body a fault is. The body itself is called so. */
export function fieldPath(path: readonly PropertyKey[]): string {
  const text = path.reduce<string>(
    (before, key) =>
      typeof key === "number" ? `${before}[${key}]` : `${before}${before && "."}${String(key)}`,
    "",
  );
  return text === "" ? "the request body" : text;
}

/** Checks a parsed body. Throws ApiError 400, whose message names the first wrong field and what was expected. */
export function validate<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const result = schema.safeParse(body ?? {});
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (issue === undefined) throw badRequest("the request body is not as expected");
  throw badRequest(`${fieldPath(issue.path)}: ${issue.message}`);
}
