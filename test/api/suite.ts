import { afterAll, beforeAll, describe } from "vitest";
import { ApiClient } from "./suite/client.js";
import { endingSuite } from "./suite/endings.js";
import { environmentSuite } from "./suite/environments.js";
import { executionSuite } from "./suite/executions.js";
import { fileSuite } from "./suite/files.js";
import { generalSuite } from "./suite/general.js";
import { pathSuite } from "./suite/paths.js";
import type { ApiTarget } from "./suite/target.js";

export type { ApiTarget } from "./suite/target.js";

/** A server that was started for the suite. */
export interface StartedTarget extends ApiTarget {
  stop(): Promise<void>;
}

/** What every server of this API must do, whatever runs its runners: the embedded agent, a real cluster. */
export function apiSuite(name: string, start: () => Promise<StartedTarget>): void {
  describe(name, () => {
    let target: StartedTarget | undefined;
    let client: ApiClient | undefined;

    beforeAll(async () => {
      target = await start();
      client = new ApiClient(target);
    });

    afterAll(async () => {
      await client?.close();
      await target?.stop();
    });

    const get = (): ApiClient => {
      if (client === undefined) throw new Error("the target did not start");
      return client;
    };
    generalSuite(get);
    environmentSuite(get);
    executionSuite(get);
    endingSuite(get);
    fileSuite(get);
    pathSuite(get);
  });
}
