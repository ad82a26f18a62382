import { z } from "zod";
import { BASE } from "../routes/paths.js";
import { clientErrorAnswer, serverErrorAnswer } from "../schemas/errors.js";
import { serverMessage } from "../schemas/messages.js";
import { type JsonSchema, toSchema } from "./json-schema.js";
import { miscellaneousOperations } from "./miscellaneous-operations.js";
import { type Answer, environmentOperations, type Operation, runnerOperations } from "./operations.js";

/** The routes in the order in which the document has them. */
export const operations: readonly Operation[] = [
  ...miscellaneousOperations,
  ...environmentOperations,
  ...runnerOperations,
];

/** Statuses whose answers have no body although they are errors (rest-api.md, "Empty answers"). */
const EMPTY = /empty/;

/** The OpenAPI 3.1 document, made of the schemas that requests are checked with. */
export function openApiDocument(version = "unknown"): JsonSchema {
  const named = new Map<string, JsonSchema>();
  const use = (schema: z.ZodType): JsonSchema => {
    const converted = toSchema(schema);
    for (const [name, value] of Object.entries(converted.named)) named.set(name, value);
    return converted.schema;
  };
  use(serverMessage);
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(operation, use) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Poseidon",
      version,
      description: "Hands out prewarmed containers and runs commands in them.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: BASE }],
    security: [{ token: [] }],
    paths,
    components: {
      schemas: Object.fromEntries([...named].sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: { token: { type: "apiKey", in: "header", name: "Poseidon-Token" } },
    },
  };
}

function describe(operation: Operation, use: (schema: z.ZodType) => JsonSchema): JsonSchema {
  const { id, summary, parameters = [], request, answers, open } = operation;
  const secured: Readonly<Record<number, Answer>> = open
    ? answers
    : { ...answers, 401: { description: "The token is missing or wrong; the body is empty." } };
  return {
    operationId: id,
    summary,
    ...(open ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters: parameters.map(parameterOf) }),
    ...(request === undefined ? {} : { requestBody: { required: true, ...content(use(request)) } }),
    responses: Object.fromEntries(
      Object.entries(secured).map(([status, answer]) => [status, answerOf(Number(status), answer, use)]),
    ),
  };
}

function parameterOf({
  name,
  in: place,
  type,
  description,
}: NonNullable<Operation["parameters"]>[number]): JsonSchema {
  return { name, in: place, required: place === "path", description, schema: { type } };
}

function answerOf(status: number, answer: Answer, use: (schema: z.ZodType) => JsonSchema): JsonSchema {
  const { description, schema, contentType } = answer;
  if (schema !== undefined) {
    return { description, ...content(schema instanceof z.ZodType ? use(schema) : schema, contentType) };
  }
  if (status < 400 || EMPTY.test(description)) return { description };
  return { description, ...content(use(status < 500 ? clientErrorAnswer : serverErrorAnswer)) };
}

const content = (schema: JsonSchema, type = "application/json"): JsonSchema => ({
  content: { [type]: { schema } },
});
