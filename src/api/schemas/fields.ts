import { z } from "zod";
import { LongText } from "../body/long-text.js";

/** The largest number that arrives exactly: 2^53 - 1. */
export const MAX_SAFE = Number.MAX_SAFE_INTEGER;

/** The largest number that Nomad's job fields take: 2^31 - 1. */
export const MAX_INT32 = 2 ** 31 - 1;

/** An integer from `min` to `max`; every fault has the same message, which says that. */
export function integer(min: number, max: number) {
  const error = `expected an integer from ${min} to ${max}`;
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

/** A string that can be handed to a process: without NUL. */
export function text() {
  return z
    .string({ error: ({ input }) => (input instanceof LongText ? "is too long" : "expected a string") })
    .refine((value) => !value.includes("\0"), { error: "must not contain NUL" });
}

/** `null` counts as missing (rest-api.md, "For every route"). */
export function orDefault<T extends z.ZodType>(schema: T, missing: z.output<T>) {
  return schema.nullish().transform((value) => (value ?? missing) as z.output<T>);
}

/** A list; a missing one is empty. */
export function list<T extends z.ZodType>(element: T) {
  return z
    .array(element, { error: "expected an array" })
    .nullish()
    .transform((value) => value ?? []);
}

/** True or false; missing is false. */
export function flag() {
  return z
    .boolean({ error: "expected true or false" })
    .nullish()
    .transform((value) => value ?? false);
}
