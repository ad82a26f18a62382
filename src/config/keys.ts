import { z } from "zod";

/** How a key's text is read (values.ts), in variables and in the file. */
export type KeyKind = "text" | "integer" | "number" | "boolean" | "texts" | "ports" | "map";

/** What documentation and messages need to know about a key beside its schema. */
export interface KeyInfo {
  readonly kind: KeyKind;
  /** One or two sentences; they end up in docs/configuration.md and .env.example. */
  readonly description: string;
  /** What a value must be, as messages say it: `an integer from 0 to 65535`. */
  readonly allowed: string;
  /** The default as documentation shows it; empty where there is none. */
  readonly shown: string;
  /** A secret's value appears in no message and no log line. */
  readonly secret: boolean;
  /** True for a key that is read and checked but has no effect yet. */
  readonly later: boolean;
}

/** The keys' descriptions, by their schemas. A schema that is registered here is a key, any other object is a section. */
export const keyInfos = z.registry<KeyInfo>();

interface Extra {
  readonly secret?: boolean;
  readonly later?: boolean;
  /** Shown instead of the default itself. */
  readonly shown?: string;
}

const info = (
  kind: KeyKind,
  description: string,
  allowed: string,
  shown: unknown,
  extra: Extra,
): KeyInfo => ({
  kind,
  description,
  allowed,
  shown: extra.shown ?? String(shown ?? ""),
  secret: extra.secret ?? false,
  later: extra.later ?? false,
});

/** The longest time a timer of Node can wait, in seconds. */
const MAX_SECONDS = 2_147_483;

export const text = (fallback: string, description: string, extra: Extra = {}) =>
  z
    .string()
    .default(fallback)
    .register(keyInfos, info("text", description, "a text", fallback, extra));

/** A text of a certain form, which `allowed` says. */
export const pattern = (
  fallback: string,
  form: { readonly regex: RegExp; readonly allowed: string },
  description: string,
  extra: Extra = {},
) =>
  z
    .string()
    .regex(form.regex)
    .default(fallback)
    .register(keyInfos, info("text", description, form.allowed, fallback, extra));

/** A name, an IPv4 address, or an IPv6 address with or without brackets. */
const HOST = /^(\[[0-9a-fA-F:.%]+\]|[^\s/:[\]]+|[0-9a-fA-F.]*:[0-9a-fA-F.]*:[0-9a-fA-F:.%]*)$/;

/** A text that is written into URLs: neither empty nor with spaces, slashes or a port. */
export const host = (fallback: string, description: string) =>
  pattern(fallback, { regex: HOST, allowed: "a host name or an IP address" }, description);

/** One word of several, in any case; the value is as it is written in `words`. */
export const oneOf = <const Words extends readonly [string, ...string[]]>(
  words: Words,
  fallback: Words[number],
  description: string,
  extra: Extra = {},
) =>
  z
    .preprocess(
      (value) => words.find((word) => word.toLowerCase() === String(value).toLowerCase()) ?? value,
      z.enum(words),
    )
    .prefault(fallback)
    .register(keyInfos, info("text", description, `one of ${words.join(", ")}`, fallback, extra));

export const flag = (fallback: boolean, description: string, extra: Extra = {}) =>
  z
    .boolean()
    .default(fallback)
    .register(keyInfos, info("boolean", description, "true or false", fallback, extra));

export const integer = (
  fallback: number,
  [min, max]: readonly [number, number],
  description: string,
  extra: Extra = {},
) =>
  z
    .int()
    .min(min)
    .max(max)
    .default(fallback)
    .register(keyInfos, info("integer", description, `an integer from ${min} to ${max}`, fallback, extra));

export const port = (fallback: number, description: string) => integer(fallback, [0, 65_535], description);

/** A time in whole seconds. */
export const seconds = (fallback: number, min: number, description: string, extra: Extra = {}) =>
  integer(fallback, [min, MAX_SECONDS], description, extra);

export const optionalInteger = (
  [min, max]: readonly [number, number],
  description: string,
  extra: Extra = {},
) =>
  z
    .int()
    .min(min)
    .max(max)
    .optional()
    .register(keyInfos, info("integer", description, `an integer from ${min} to ${max}`, "", extra));

/** A number from 0 to 1, or to less than 1 with `below`. */
export const ratio = (
  fallback: number,
  description: string,
  extra: Extra & { readonly below?: true } = {},
) => {
  const schema = extra.below ? z.number().min(0).lt(1) : z.number().min(0).max(1);
  const allowed = extra.below ? "a number from 0 to less than 1" : "a number from 0 to 1";
  return schema.default(fallback).register(keyInfos, info("number", description, allowed, fallback, extra));
};

export const amount = (fallback: number, description: string, extra: Extra = {}) =>
  z
    .number()
    .min(0)
    .default(fallback)
    .register(keyInfos, info("number", description, "a number, 0 or more", fallback, extra));

export const texts = (description: string, extra: Extra = {}) =>
  z
    .array(z.string())
    .default([])
    .register(keyInfos, info("texts", description, "a list of texts", "", extra));

export const map = (description: string, extra: Extra = {}) =>
  z
    .record(z.string(), z.string())
    .default({})
    .register(keyInfos, info("map", description, "names with a text each", "", extra));

export const ports = (description: string, extra: Extra = {}) => {
  const portNumber = z.int().min(0).max(65_535).default(0);
  const schema = z.array(
    z.object({
      label: z.string().default(""),
      value: portNumber,
      to: z.int().min(-1).max(65_535).default(0),
      hostnetwork: z.string().default(""),
    }),
  );
  const allowed = "a list of ports, each with label, value, to and hostnetwork";
  return schema.default([]).register(keyInfos, info("ports", description, allowed, "", extra));
};

/** A group of keys; it may be missing, then every key has its default. */
export const section = <Shape extends z.ZodRawShape>(shape: Shape) => z.object(shape).prefault({} as never);
