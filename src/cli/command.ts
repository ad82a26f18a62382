import type { DoctorCommand } from "./doctor/doctor.js";

/** Names of the agent's executors (agent.md). */
export const EXECUTORS = ["sandbox", "process", "docker", "null"] as const;
export type ExecutorName = (typeof EXECUTORS)[number];

/** `poseidon agent`. */
export interface AgentCommand {
  readonly kind: "agent";
  /** Undefined: the best one that works here. */
  readonly executor: ExecutorName | undefined;
  /** Where Docker listens, in the form of DOCKER_HOST; undefined: as that says. */
  readonly dockerHost: string | undefined;
  /** 0: any free one. */
  readonly port: number;
  readonly faults: boolean;
  /** What the node pretends to hold, MHz and MB; undefined: the agent's own defaults. */
  readonly cpu: number | undefined;
  readonly memory: number | undefined;
  /** End when standard input ends: how a parent process takes the agent with it, however it dies. */
  readonly exitWithInput: boolean;
}

/** `poseidon demo`. */
export interface DemoCommand {
  readonly kind: "demo";
  /** The program to run; undefined: an example of the project. */
  readonly file: string | undefined;
  readonly executor: ExecutorName | undefined;
  readonly dockerHost: string | undefined;
  /** The environment's image; counts with the docker executor alone. */
  readonly image: string | undefined;
  /** End with the program's exit code instead of staying up. */
  readonly once: boolean;
  /** False: never install bubblewrap. */
  readonly install: boolean;
}

/** What the command line asks for. `config` is the named file. */
export type Command =
  | { readonly kind: "serve" | "check-config"; readonly config: string | undefined }
  | ({ readonly kind: "doctor" } & DoctorCommand)
  | AgentCommand
  | DemoCommand
  | { readonly kind: "help" | "version" };
