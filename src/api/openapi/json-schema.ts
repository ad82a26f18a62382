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
  const {
    $schema: _,
    $defs = {},
    ...own
  } = relocated(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema) as {
    $schema?: unknown;
    $defs?: Record<string, JsonSchema>;
  } & JsonSchema;
  const id = schema.meta()?.id;
  const named = Object.fromEntries(Object.entries($defs).map(([name, value]) => [name, withoutId(value)]));
  if (id === undefined) return { schema: own, named };
  return { schema: reference(id), named: { ...named, [id]: withoutId(own) } };
}

const reference = (id: string): JsonSchema => ({ $ref: `#/components/schemas/${id}` });

function withoutId({ id: _, ...rest }: JsonSchema): JsonSchema {
  return rest;
}

/** Lets references point to where the document keeps its named schemas. */
function relocated(schema: JsonSchema): unknown {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'));
}
