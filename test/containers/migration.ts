import { describe, expect, test } from "vitest";
import { until } from "../support/until.js";
import { goRunnerJob, goTemplateJob, readAsGoService } from "./go-service.js";
import type { Containers } from "./suite.js";

const ENVIRONMENT = 7_030;
const IDLE = [1, 2].map((n) => `${ENVIRONMENT}-00000000-0000-1000-8000-00000000000${n}`);
const USED = `${ENVIRONMENT}-00000000-0000-1000-8000-000000000003`;
const LONG = { within: 60_000 };

/** From the Go service to this one on a living cluster, and back (docs/migration.md). */
export function migrationSuite(containers: () => Containers): void {
  describe("migration", () => {
    const settings = () => ({
      image: containers().image,
      cpuLimit: 40,
      memoryLimit: 128,
      exposedPorts: [8_080],
    });

    test("what the Go service left is taken over, idle and used, and can be taken back", async () => {
      const { nomad } = containers();
      await nomad.register(goTemplateJob(ENVIRONMENT, 2, settings()));
      for (const id of IDLE) await nomad.register(goRunnerJob(id, settings()));
      await nomad.register(goRunnerJob(USED, settings(), 1_234));
      for (const id of [...IDLE, USED])
        await until(id, async () => (await nomad.allocation(id)).ClientStatus === "running", LONG);
      const allocations = await Promise.all(
        [...IDLE, USED].map(async (id) => (await nomad.allocation(id)).ID),
      );

      const server = await containers().server();
      const { client } = server;
      await server.settled(ENVIRONMENT, { idle: 2, used: 1 }, LONG);
      const answer = await client.call("GET", `/execution-environments/${ENVIRONMENT}`);
      expect(answer.json()).toEqual({
        id: ENVIRONMENT,
        prewarmingPoolSize: 2,
        networkAccess: true,
        ...settings(),
      });
      // The used one serves its client, whose inactivity timeout is the stored one.
      const used = { id: USED, mappedPorts: [] };
      expect((await client.write(used, "a", "content")).status).toBe(204);
      expect((await client.run(used, { command: "cat a" })).stdout).toBe("content");
      // An idle one is claimed, with the port that the Go service's job asked for.
      const claimed = await client.claim(ENVIRONMENT, 777);
      expect(IDLE).toContain(claimed.id);
      expect(claimed.mappedPorts.map(({ exposedPort }) => exposedPort)).toEqual([8_080]);
      await server.settled(ENVIRONMENT, { idle: 2, used: 2 }, LONG);
      await until("its timeout", async () => (await nomad.meta(claimed.id))?.["timeout"] === "777");
      // Nothing was restarted on the way.
      expect(await Promise.all([...IDLE, USED].map(async (id) => (await nomad.allocation(id)).ID))).toEqual(
        allocations,
      );
      await server.stop();

      const jobs = await nomad.jobIds(`${ENVIRONMENT}-`);
      expect(jobs).toHaveLength(4);
      const shared = { environment: ENVIRONMENT, networkAccess: true, otherMeta: [], ...settings() };
      expect(readAsGoService(await nomad.job(`template-${ENVIRONMENT}`))).toEqual({
        ...shared,
        used: false,
        timeout: undefined,
        poolSize: 2,
      });
      for (const id of jobs) {
        const timeout = id === USED ? 1_234 : id === claimed.id ? 777 : undefined;
        expect(readAsGoService(await nomad.job(id))).toEqual({
          ...shared,
          used: timeout !== undefined,
          timeout,
          poolSize: undefined,
        });
      }
      for (const id of [...jobs, `template-${ENVIRONMENT}`]) await nomad.purge(id);
    });
  });
}
