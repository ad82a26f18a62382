import type { Nomad } from "../support/nomad.js";

/** What runs real containers for the suite: a Nomad with Docker, or the embedded agent with Docker. */
export interface ContainerTarget {
  /** Its namespace belongs to the suite. */
  readonly nomad: Nomad;
  /** An image with bash, perl and a user `user`. */
  readonly image: string;
  /** Has the runner's allocation replaced by another one. */
  reschedule(jobId: string): Promise<void>;
  stop(): Promise<void>;
}
