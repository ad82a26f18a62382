import { z } from "zod";
import { integer, MAX_SAFE, orDefault } from "./fields.js";

/** Body of POST /runners. An environment that does not exist, a negative one too, is 404 and not 400. */
export const runnerRequest = z
  .object(
    {
      executionEnvironmentId: orDefault(integer(-MAX_SAFE, MAX_SAFE), 0),
      inactivityTimeout: orDefault(integer(0, MAX_SAFE), 0).meta({
        description: "Seconds after which an unused runner is destroyed; 0: never.",
      }),
    },
    { error: "expected an object" },
  )
  .meta({ id: "RunnerRequest" });

/** Answer of POST /runners. */
export const runnerAnswer = z
  .object({
    runnerId: z.string().meta({ description: "`<environment id>-<uuid>`" }),
    mappedPorts: z.array(
      z.object({
        exposedPort: integer(1, 65_535),
        hostAddress: z.string().meta({ description: "`IP:port`; IPv6 in brackets" }),
      }),
    ),
  })
  .meta({ id: "Runner" });
