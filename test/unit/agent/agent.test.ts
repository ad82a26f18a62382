import { request } from "node:http";
import { expect, test } from "vitest";
import { createAgent } from "../../../src/agent/agent.js";
import { createNullExecutor } from "../../../src/agent/executors/null.js";
import { Lab } from "../../contract/lab.js";
import { call, exec } from "../../contract/target.js";
import { silentLogger } from "./silent-logger.js";
import { startAgent } from "./start-agent.js";

test("registers, places, tells of it, runs a command and purges", async () => {
  const lab = await Lab.open(await startAgent());
  const { ID } = await lab.run("990-a");
  expect((await exec(lab.target, ID, ["true"])).frames).toEqual([
    { stdout: { close: true } },
    { stderr: { close: true } },
    { exited: true, result: {} },
  ]);
  await lab.purge("990-a");
  await lab.events.waitFor("deregistered", (event) => event.Type === "JobDeregistered");
});

test("only the token's holder is served, never a browser, never under another name", async () => {
  const target = await startAgent();
  const ask = (headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      request(`${target.address}/v1/status/leader`, { headers, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on("error", reject)
        .end();
    });
  expect(await call({ ...target, token: undefined }, "GET", "/v1/jobs")).toMatchObject({
    status: 403,
    text: "Permission denied",
  });
  expect((await call({ ...target, token: "secreT" }, "GET", "/v1/jobs")).status).toBe(403);
  expect(await ask({ "X-Nomad-Token": "secret" })).toBe(200);
  expect(await ask({ Authorization: "Bearer secret" })).toBe(200);
  expect(await ask({ "X-Nomad-Token": "secret", Origin: "http://127.0.0.1" })).toBe(403);
  expect(await ask({ "X-Nomad-Token": "secret", Host: "evil.example:4646" })).toBe(403);
  expect(await ask({ "X-Nomad-Token": "secret", Host: "localhost:4646" })).toBe(200);
});

test("an exec without the token is not upgraded", async () => {
  const target = await startAgent();
  const lab = await Lab.open(target);
  const { ID } = await lab.run("990-a");
  await expect(exec({ ...target, token: "wrong" }, ID, ["true"])).rejects.toThrow(/403/);
});

test("options that would make it unsafe are refused", () => {
  const options = { executor: createNullExecutor(), logger: silentLogger };
  expect(() => createAgent({ ...options, token: "" })).toThrow(/token/);
  expect(() => createAgent({ ...options, token: "x", address: "0.0.0.0" as "127.0.0.1" })).toThrow(
    /loopback/,
  );
});

test("start and stop are idempotent, and a stopped agent answers nobody", async () => {
  const agent = createAgent({ executor: createNullExecutor(), token: "x", logger: silentLogger });
  const first = await agent.start();
  expect(await agent.start()).toEqual(first);
  await Promise.all([agent.stop(), agent.stop()]);
  const target = { address: `http://127.0.0.1:${first.port}`, token: "x" } as Parameters<typeof call>[0];
  await expect(call(target, "GET", "/v1/jobs")).rejects.toThrow(/ECONNREFUSED/);
});

test("HCL is not read, and faults are not there unless asked for", async () => {
  const target = await startAgent({ faults: false });
  expect((await call(target, "POST", "/v1/jobs/parse", { JobHCL: "" })).status).toBe(501);
  expect((await call(target, "GET", "/v1/faults")).status).toBe(404);
});
