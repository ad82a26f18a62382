import { afterAll, beforeAll, describe } from "vitest";
import { ApiClient } from "../suite/client.js";
import type { StartedTarget } from "../suite.js";
import { forgingSuite } from "./forging.js";
import { holdingSuite } from "./holding.js";

/** What must hold in a runner on either path (runner-shell.md, "What must hold"). */
export function shellSuite(name: string, start: () => Promise<StartedTarget>): void {
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
    holdingSuite(get);
    forgingSuite(get);
  });
}
