import type { ExecOpener, ExecTarget } from "../../nomad/exec.js";
import type { Logger } from "../../telemetry/logger.js";

/** What every step of the plain path needs of its runner. */
export interface PlainContext {
  readonly opener: ExecOpener;
  /** Where the runner is now: it may be rescheduled while it is idle. */
  readonly target: () => ExecTarget;
  /** False: one session, everything is stdout (`server.interactivestderr`). */
  readonly separateStderr: boolean;
  readonly logger: Logger;
}

/** How a user is named to the shell texts. */
export function userWord(privileged: boolean): "root" | "user" {
  return privileged ? "root" : "user";
}
