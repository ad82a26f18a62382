import { z } from "zod";
import { flag, integer, MAX_SAFE, orDefault, text } from "./fields.js";

const NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

type Pairs = Readonly<Record<string, string>>;

/** Checks `environment` by hand: a schema for records would drop the name `__proto__`, which is as good as any. */
const environment = z
  .custom<unknown>()
  .optional()
  .transform((value, context): Pairs => {
    const fault = (message: string, path: readonly string[] = []): void =>
      context.addIssue({ code: "custom", message, path: [...path] });
    const pairs: [string, string][] = [];
    if (value === null || value === undefined) return {};
    if (typeof value !== "object" || Array.isArray(value)) {
      fault("expected an object with strings as values");
      return {};
    }
    for (const [name, content] of Object.entries(value)) {
      const checked = text().nullish().safeParse(content);
      if (!NAME.test(name)) fault(`expected names to match ${NAME.source}`);
      else if (!checked.success) fault(checked.error.issues[0]?.message ?? "expected a string", [name]);
      else if (typeof checked.data === "string") pairs.push([name, checked.data]);
    }
    return Object.fromEntries(pairs);
  })
  .meta({
    type: ["object", "null"],
    additionalProperties: { type: "string" },
    propertyNames: { pattern: NAME.source },
    description: "Variables for the command, set exactly.",
  });

/** Body of POST /runners/{runnerId}/execute. */
export const executionRequest = z
  .object(
    {
      command: orDefault(text(), "").meta({
        description: "A shell command line for `/bin/bash -c`. Must not contain `'`.",
        pattern: "^[^']*$",
      }),
      privilegedExecution: flag().meta({ description: "Run as the image's user in place of `user`." }),
      timeLimit: orDefault(integer(0, MAX_SAFE), 0).meta({
        description: "Seconds from the opening of the WebSocket; 0: none.",
      }),
      environment,
    },
    { error: "expected an object" },
  )
  .meta({ id: "ExecutionRequest" });

/** Answer of POST /runners/{runnerId}/execute. */
export const executionAnswer = z
  .object({ websocketUrl: z.string().meta({ description: "Where the execution is opened, once." }) })
  .meta({ id: "Execution" });
