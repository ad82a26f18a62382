import { z } from "zod";

/** A JSON Schema (2020-12, as OpenAPI 3.1 uses it). */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A schema as the document refers to it, and the named schemas that it needs. */
export interface ConvertedSchema {
  readonly schema: JsonSchema;
  readonly named: Readonly<Record<string, JsonSchema>>;
}

/** Converts a schema as its input looks on the wire. One with an id becomes a reference to the document's components. */
export function toSchema(schema: z.ZodType): ConvertedSchema {
  const text = JSON.stringify(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }));
  const {
    $schema: _,
    $defs = {},
    ...own
  } = JSON.parse(text.replaceAll('"#/$defs/', '"#/components/schemas/')) as Root;
  const named = Object.entries($defs).map(([name, { id: _, ...value }]) => [name, value] as const);
  return { schema: own, named: Object.fromEntries(named) };
}

interface Root extends JsonSchema {
  readonly $schema?: unknown;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
}
