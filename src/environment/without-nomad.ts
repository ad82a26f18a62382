import { RunnerError } from "../runner/errors.js";
import type { RunnerService } from "../runner/handle.js";
import type { EnvironmentService } from "./service.js";

/** What there is with `nomad.enabled: false`: no Nomad environment can be made, none exists (lifecycle.md). */
export const environmentsWithoutNomad: EnvironmentService = {
  list: () => Promise.resolve([]),
  get: () => Promise.resolve(undefined),
  put: () => Promise.reject(new RunnerError("not-supported", "not supported")),
  delete: () => Promise.resolve(false),
  statistics: () => [],
  depleted: () => [],
};

/** No environment, no runner. */
export const runnersWithoutNomad: RunnerService = {
  claim: () => Promise.reject(new RunnerError("environment-not-found", "execution environment not found")),
  find: () => undefined,
  giveBack: () => Promise.resolve(),
};
