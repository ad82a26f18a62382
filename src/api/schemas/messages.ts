import { z } from "zod";

/** Messages of an execution's WebSocket, server to client (execution.md). Exactly one of exit, timeout, error comes last. */
export const serverMessage = z
  .discriminatedUnion("type", [
    z.strictObject({ type: z.literal("start") }),
    z.strictObject({ type: z.literal("stdout"), data: z.string() }),
    z.strictObject({ type: z.literal("stderr"), data: z.string() }),
    z.strictObject({ type: z.literal("exit"), data: z.int().min(0).max(255) }),
    z.strictObject({ type: z.literal("timeout") }),
    z.strictObject({ type: z.literal("error"), data: z.string() }),
  ])
  .meta({
    id: "ServerMessage",
    description: "One text message of an execution's WebSocket, server to client.",
  });
