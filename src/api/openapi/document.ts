import { z } from "zod";
import { BASE } from "../routes/paths.js";
import { clientErrorAnswer, serverErrorAnswer } from "../schemas/errors.js";
import { MAX_SAFE } from "../schemas/fields.js";
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

/** What any route may answer, any that needs the token, and any that reads a body. */
const SHED: Readonly<Record<number, Answer>> = {
  429: { description: "Too many requests of this client; only with `server.ratelimit`." },
};
const SECURED: Readonly<Record<number, Answer>> = {
  401: { description: "The token is missing or wrong; the body is empty." },
  500: { description: "See `errorCode`." },
};
const UNREAD: Readonly<Record<number, Answer>> = {
  408: { description: "The body did not arrive within 15 s." },
  413: { description: "The body is larger than `server.bodylimit`." },
};

/** A route's answers, those of its kind included. */
export function answersOf({ answers, open, request }: Operation): Readonly<Record<number, Answer>> {
  return { ...SHED, ...(open ? {} : SECURED), ...(request === undefined ? {} : UNREAD), ...answers };
}

/** The OpenAPI 3.1 document, made of the schemas that requests are checked with. */
export function openApiDocument(version = "unknown"): JsonSchema {
  const named = new Map<string, JsonSchema>();
  const use = (schema: z.ZodType): JsonSchema => {
    const converted = toSchema(schema);
    for (const [name, value] of Object.entries(converted.named)) named.set(name, value);
    return converted.schema;
  };
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
  const { id, summary, parameters = [], request, websocket, open } = operation;
  return {
    operationId: id,
    summary,
    ...(open ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters: parameters.map(parameterOf) }),
    ...(request === undefined ? {} : { requestBody: { required: true, ...content(use(request)) } }),
    responses: Object.fromEntries(
      Object.entries(answersOf(operation)).map(([status, answer]) => [
        status,
        answerOf(Number(status), answer, use),
      ]),
    ),
    ...(websocket === undefined
      ? {}
      : { "x-websocket": { ...websocket, serverMessage: use(websocket.serverMessage) } }),
  };
}

function parameterOf({
  name,
  in: place,
  type,
  description,
}: NonNullable<Operation["parameters"]>[number]): JsonSchema {
  const range = type === "integer" ? { minimum: 0, maximum: MAX_SAFE } : {};
  return { name, in: place, required: place === "path", description, schema: { type, ...range } };
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
