import { z } from "zod";
import { flag, integer, list, MAX_INT32, MAX_SAFE, orDefault } from "./fields.js";

const IMAGE = "expected the name of an image";

const port = integer(1, 65_535).meta({ description: "A TCP port inside the runner." });

/** Body of PUT /execution-environments/{id} (rest-api.md, "Execution environments"). */
export const environmentRequest = z
  .object(
    {
      prewarmingPoolSize: orDefault(integer(0, MAX_INT32), 0).meta({
        description: "How many idle runners are kept ready.",
      }),
      cpuLimit: integer(1, MAX_INT32).meta({ description: "MHz." }),
      memoryLimit: orDefault(integer(0, MAX_INT32), 0).meta({ description: "MB; 0: no limit of its own." }),
      image: z
        .string({ error: IMAGE })
        .refine((name) => name.trim() !== "" && !name.includes("\0"), { error: IMAGE })
        .meta({ description: "Container image.", pattern: "\\S" }),
      networkAccess: flag().meta({ description: "Whether commands may use the network." }),
      exposedPorts: list(port)
        .refine((ports) => new Set(ports).size === ports.length, { error: "expected each port only once" })
        .meta({ description: "Ports to be mapped; ignored without network access.", uniqueItems: true }),
    },
    { error: "expected an object" },
  )
  .meta({ id: "ExecutionEnvironmentRequest" });

/** An environment in answers. */
export const environmentAnswer = z
  .object({
    id: integer(0, MAX_SAFE),
    prewarmingPoolSize: integer(0, MAX_INT32),
    cpuLimit: integer(0, MAX_INT32),
    memoryLimit: integer(0, MAX_INT32),
    image: z.string(),
    networkAccess: z.boolean(),
    exposedPorts: z.array(port),
  })
  .meta({ id: "ExecutionEnvironment" });

/** Answer of GET /execution-environments. */
export const environmentsAnswer = z
  .object({ executionEnvironments: z.array(environmentAnswer) })
  .meta({ id: "ExecutionEnvironments" });

/** Figures of one environment, keyed by its id in GET /statistics/execution-environments. */
export const statisticsAnswer = z
  .object({
    id: integer(0, MAX_SAFE),
    prewarmingPoolSize: integer(0, MAX_INT32),
    idleRunners: integer(0, MAX_SAFE),
    usedRunners: integer(0, MAX_SAFE),
    startingRunners: integer(0, MAX_SAFE),
  })
  .meta({ id: "EnvironmentStatistics" });
