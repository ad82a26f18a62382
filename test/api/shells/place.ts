import { expect } from "vitest";
import type { ApiClient, ExecuteBody, Result, Runner } from "../suite/client.js";
import { commandsBy } from "../suite/paths.js";

/** A runner whose commands take one path for certain. */
export interface ShellPlace {
  readonly client: ApiClient;
  readonly runner: Runner;
  /** Runs a command line of bash, single quotes and all, on the target's path. */
  sh(command: string, options?: ExecuteBody & { readonly input?: string }): Promise<Result>;
}

/** How often a command is run until it takes the fast path: its runner may just be opening its sessions. */
const TRIES = 40;

/** A place in a runner of an environment. */
export function shellPlace(client: ApiClient, runner: Runner): ShellPlace {
  return {
    client,
    runner,
    async sh(command, { input, ...options } = {}) {
      await warmed(client, runner);
      const body = {
        ...options,
        command: 'eval "unset TEXT;$TEXT"',
        environment: { ...options.environment, TEXT: command },
      };
      const execution = await client.start(runner, body);
      if (input !== undefined) {
        await execution.started();
        execution.send(input);
      }
      return execution.result;
    },
  };
}

/** Resolves once a command has taken the path of the target, so that the next one will. */
export async function warmed(client: ApiClient, runner: Runner): Promise<void> {
  if (client.target.path === "plain") return;
  for (let tries = 0; tries < TRIES; tries++) {
    const before = await commandsBy(client, "fast");
    expect((await client.run(runner, { command: "true" })).last).toEqual({ type: "exit", data: 0 });
    if ((await commandsBy(client, "fast")) > before) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the runner does not become warm");
}
