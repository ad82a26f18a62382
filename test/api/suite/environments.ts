import { afterAll, describe, expect, test } from "vitest";
import type { ApiClient } from "./client.js";

/** Environments from their creation to their end (rest-api.md, lifecycle.md). */
export function environmentSuite(client: () => ApiClient): void {
  describe("environments", () => {
    const id = (): number => client().target.firstEnvironmentId;
    const path = (): string => `/execution-environments/${id()}`;

    afterAll(async () => {
      await client().call("DELETE", path());
      await client().call("DELETE", `/execution-environments/${id() + 1}`);
    });

    test("is created, shown, listed, replaced and deleted", async () => {
      const settings = { prewarmingPoolSize: 1, cpuLimit: 20, memoryLimit: 64 };
      const created = await client().put(id(), settings);
      expect([created.status, created.text, created.headers["content-length"]]).toEqual([201, "", "0"]);
      const expected = {
        id: id(),
        ...settings,
        image: client().target.image,
        networkAccess: false,
        exposedPorts: [],
      };
      expect((await client().call("GET", path())).json()).toEqual(expected);
      expect((await client().call("GET", `${path()}?fetch=true`)).json()).toEqual(expected);
      for (const query of ["", "?fetch=true"]) {
        const { executionEnvironments } = (
          await client().call("GET", `/execution-environments${query}`)
        ).json();
        expect(executionEnvironments).toContainEqual(expected);
      }

      const replaced = await client().put(id(), { ...settings, cpuLimit: 25 });
      expect([replaced.status, replaced.text, replaced.headers["content-length"]]).toEqual([
        204,
        "",
        undefined,
      ]);
      expect((await client().call("GET", path())).json()).toEqual({ ...expected, cpuLimit: 25 });
      expect((await client().call("DELETE", path())).status).toBe(204);
      for (const method of ["GET", "DELETE"]) {
        const gone = await client().call(method, path());
        expect([gone.status, gone.text, gone.headers["content-length"]]).toEqual([404, "", "0"]);
      }
    });

    test("what Nomad would refuse is refused at once, and nothing is destroyed", async () => {
      await client().put(id());
      const runner = await client().claim(id());
      for (const wrong of [{ image: "" }, { cpuLimit: 0 }, { memoryLimit: -1 }, { exposedPorts: [70_000] }]) {
        const answer = await client().put(id(), wrong);
        expect(answer.status).toBe(400);
        expect(answer.json().message).toContain(Object.keys(wrong)[0]);
      }
      expect((await client().list(runner)).status).toBe(200);
    });

    test("a body that is none is 400, whatever its content type", async () => {
      for (const body of ["", "{", "[]", "{}x"]) {
        const answer = await client().call("PUT", path(), { body, headers: { "Content-Type": "text/html" } });
        expect([answer.status, typeof answer.json().message]).toEqual([400, "string"]);
      }
    });

    test("small memory limits are accepted", async () => {
      const answer = await client().put(id() + 1, { prewarmingPoolSize: 0, memoryLimit: 4 });
      expect([201, 204]).toContain(answer.status);
    });

    test("one that cannot be placed is 500 with the reason", async () => {
      const answer = await client().put(id() + 1, { cpuLimit: 2 ** 31 - 1 });
      expect(answer.status).toBe(500);
      expect(answer.json()).toEqual({ message: expect.stringMatching(/./), errorCode: "UNKNOWN" });
    });

    test("statistics follow the pool: a claim is made up for", async () => {
      await client().put(id(), { prewarmingPoolSize: 2 });
      const figures = async () =>
        (await client().call("GET", "/statistics/execution-environments")).json()[id()];
      const idle = { id: id(), prewarmingPoolSize: 2, idleRunners: 2, usedRunners: 0, startingRunners: 0 };
      await expect.poll(figures, { timeout: 50_000 }).toEqual(idle);
      const runner = await client().claim(id());
      expect((await figures()).usedRunners).toBe(1);
      await expect.poll(figures, { timeout: 50_000 }).toEqual({ ...idle, usedRunners: 1 });
      expect((await client().release(runner)).status).toBe(204);
      expect((await figures()).usedRunners).toBe(0);
    });

    test("replacing destroys used runners, and their executions are told", async () => {
      await client().put(id());
      const runner = await client().claim(id());
      const execution = await client().start(runner, { command: "echo on; sleep 100" });
      await execution.stdout("on");
      expect((await client().put(id())).status).toBe(204);
      expect((await execution.result).last).toEqual({
        type: "error",
        data: "the allocation stopped as expected",
      });
      expect((await client().list(runner)).status).toBe(410);
    });

    test("an environment that is gone hands out no runners", async () => {
      await client().put(id());
      const runner = await client().claim(id());
      expect((await client().call("DELETE", path())).status).toBe(204);
      expect((await client().release(runner)).status).toBe(410);
      const answer = await client().call("POST", "/runners", { json: { executionEnvironmentId: id() } });
      expect([answer.status, answer.json()]).toEqual([404, { message: "execution environment not found" }]);
    });

    test("an empty pool is NOMAD_OVERLOAD", async () => {
      await client().put(id(), { prewarmingPoolSize: 0 });
      const answer = await client().call("POST", "/runners", { json: { executionEnvironmentId: id() } });
      expect([answer.status, answer.json()]).toEqual([
        500,
        { message: "no runners available for this execution environment", errorCode: "NOMAD_OVERLOAD" },
      ]);
      expect((await client().call("GET", "/health")).status).toBe(204);
    });

    test("exposed ports are mapped", async () => {
      await client().put(id(), { networkAccess: true, exposedPorts: [80, 8080] });
      expect((await client().call("GET", path())).json().exposedPorts).toEqual([80, 8080]);
      const runner = await client().claim(id());
      const { mapsPorts } = client().target;
      if (!mapsPorts) return;
      expect(runner.mappedPorts).toEqual(
        [80, 8080].map((exposedPort) => ({ exposedPort, hostAddress: expect.stringMatching(/^\S+:\d+$/) })),
      );
    });
  });
}
