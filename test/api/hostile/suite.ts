import { afterAll, beforeAll, describe } from "vitest";
import { ApiClient } from "../suite/client.js";
import type { StartedTarget } from "../suite.js";
import { leftoverSuite } from "./leftovers.js";
import { manyFilesSuite } from "./many-files.js";
import { pathSuite } from "./paths.js";
import { plantedSuite } from "./planted.js";
import { swappingSuite } from "./swapping.js";
import { vanishingSuite } from "./vanishing.js";

/** What runners and clients that mean no good may do, and what must hold all the same (execution.md). */
export function hostileSuite(name: string, start: () => Promise<StartedTarget>): void {
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
    plantedSuite(get);
    swappingSuite(get);
    pathSuite(get);
    manyFilesSuite(get);
    leftoverSuite(get);
    vanishingSuite(get);
  });
}
