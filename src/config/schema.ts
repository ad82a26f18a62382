import { z } from "zod";
import { type KeyInfo, keyInfos } from "./keys.js";
import { nomadSection } from "./nomad-section.js";
import {
  awsSection,
  influxdbSection,
  loggerSection,
  profilingSection,
  sentrySection,
} from "./other-sections.js";
import { serverSection } from "./server-section.js";

/**
 * Every key with its default, its check and its description (configuration.md). `configSchema.parse({})` are the defaults.
 * docs/configuration.md and .env.example are generated from it.
 */
export const configSchema = z.object({
  server: serverSection,
  nomad: nomadSection,
  aws: awsSection,
  logger: loggerSection,
  profiling: profilingSection,
  sentry: sentrySection,
  influxdb: influxdbSection,
});

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

/**
 * The whole configuration, checked. Texts that are not set are empty. Addresses are without brackets; `server.loggingfiltertoken` and `nomad.namespace` are never empty once `loadConfig` made them.
 */
export type Config = DeepReadonly<z.output<typeof configSchema>>;

/** One key: where it stands, and what is known about it. */
export interface ConfigKey extends KeyInfo {
  /** `["server", "tls", "certfile"]` */
  readonly path: readonly string[];
  /** `server.tls.certfile` */
  readonly name: string;
  /** `POSEIDON_SERVER_TLS_CERTFILE` */
  readonly variable: string;
  readonly schema: z.ZodType;
}

function walk(schema: z.core.$ZodType, path: readonly string[]): ConfigKey[] {
  const info = keyInfos.get(schema as z.ZodType);
  if (info !== undefined) {
    const variable = ["POSEIDON", ...path].join("_").toUpperCase();
    return [{ ...info, path, name: path.join("."), variable, schema: schema as z.ZodType }];
  }
  const inner = schema instanceof z.ZodPrefault ? schema.unwrap() : schema;
  if (!(inner instanceof z.ZodObject))
    throw new TypeError(`${path.join(".")} is neither a key nor a section`);
  return Object.entries(inner.shape).flatMap(([name, part]) =>
    walk(part as z.core.$ZodType, [...path, name]),
  );
}

/** All keys, in the order of the schema. */
export const configKeys: readonly ConfigKey[] = walk(configSchema, []);
