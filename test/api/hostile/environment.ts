import { afterAll, beforeAll } from "vitest";
import type { ApiClient, Runner } from "../suite/client.js";

/** A runner of an environment of its own, and what the suites do with it again and again. */
export interface Place {
  readonly runner: Runner;
  /** Runs a command line in bash to its end; throws unless it exits with 0. Single quotes are allowed. */
  readonly sh: (command: string, options?: { readonly as?: "root" | "user" }) => Promise<string>;
  /** Writes files of these contents; gives the status. */
  readonly copy: (files: Readonly<Record<string, string>>) => Promise<number>;
  /** A file's bytes as root reads them, as text; the status where they cannot be read. */
  readonly read: (path: string) => Promise<string | number>;
}

/** Makes an environment before the tests of a `describe` and deletes it after them; `offset` tells the suites apart. */
export function useRunner(client: () => ApiClient, offset: number): Place {
  const environment = (): number => client().target.firstEnvironmentId + offset;
  let runner: Runner;
  beforeAll(async () => {
    await client().put(environment(), { memoryLimit: 256 });
    runner = await client().claim(environment());
  });
  afterAll(async () => {
    await client().call("DELETE", `/execution-environments/${environment()}`);
  });
  return {
    get runner() {
      return runner;
    },
    async sh(command, { as = "user" } = {}) {
      // A single quote may not stand in a command: the text travels in a variable.
      const { last, stdout, stderr } = await client().run(runner, {
        command: 'eval "$TEXT"',
        environment: { TEXT: command },
        privilegedExecution: as === "root",
      });
      if (last?.type !== "exit" || last.data !== 0) {
        throw new Error(`${command}: ${JSON.stringify(last)} ${stdout} ${stderr}`);
      }
      return stdout.replaceAll("\r\n", "\n");
    },
    async copy(files) {
      const copy = Object.entries(files).map(([path, text]) => ({
        path,
        content: Buffer.from(text).toString("base64"),
      }));
      return (await client().patch(runner, { copy })).status;
    },
    async read(path) {
      const answer = await client().download(runner, { path, privilegedExecution: "true" });
      return answer.status === 200 ? answer.text : answer.status;
    },
  };
}
