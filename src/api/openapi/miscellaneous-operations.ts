import { z } from "zod";
import { statisticsAnswer } from "../schemas/environment.js";
import type { Operation } from "./operations.js";

/** The routes of the server itself. */
export const miscellaneousOperations: readonly Operation[] = [
  {
    method: "get",
    path: "/health",
    id: "health",
    summary: "Whether runners can be handed out",
    open: true,
    answers: {
      204: { description: "Healthy." },
      503: { description: "A prewarming pool is depleting, or the server is stopping." },
    },
  },
  {
    method: "get",
    path: "/version",
    id: "version",
    summary: "The server's version",
    open: true,
    answers: {
      200: { description: "The version.", schema: z.string() },
      404: { description: "None is known; the body is empty." },
    },
  },
  {
    method: "get",
    path: "/statistics/execution-environments",
    id: "statistics",
    summary: "How many runners each environment has",
    answers: {
      200: {
        description: "Keyed by the environment's id.",
        schema: z.record(z.string(), statisticsAnswer),
      },
    },
  },
];
