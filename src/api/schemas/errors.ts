import { z } from "zod";

/** Body of client errors (4xx). */
export const clientErrorAnswer = z.object({ message: z.string() }).meta({ id: "ClientError" });

/** Body of server errors (5xx). */
export const serverErrorAnswer = z
  .object({
    message: z.string(),
    errorCode: z.enum([
      "NOMAD_UNREACHABLE",
      "NOMAD_OVERLOAD",
      "NOMAD_INTERNAL_SERVER_ERROR",
      "PREWARMING_POOL_DEPLETING",
      "UNKNOWN",
    ]),
  })
  .meta({ id: "ServerError" });
