import { afterAll, beforeAll, expect, test } from "vitest";
import { runDoctor } from "../../../src/cli/doctor/doctor.js";
import { Lab } from "../../support/lab.js";
import { fakeContext } from "../../unit/cli/context.js";

let lab: Lab;
beforeAll(async () => {
  lab = await Lab.start();
});
afterAll(() => lab.stop());

async function doctor(variables: Record<string, string>, image?: string) {
  const { context, texts } = fakeContext({ environment: { POSEIDON_SERVER_TOKEN: "hunter2", ...variables } });
  const code = await runDoctor({ config: undefined, image }, context);
  return { code, lines: texts.output };
}

test("everything is fine on a Nomad that has what is needed", async () => {
  const server = await lab.server();
  const { port } = server.gate;
  const nomad = { POSEIDON_NOMAD_PORT: String(port), POSEIDON_NOMAD_TOKEN: "token of the agent" };
  const { code, lines } = await doctor(nomad, "any");
  expect(lines).not.toMatch(/^fail/m);
  expect(code).toBe(0);
  for (const found of [
    "ACL list-jobs",
    "ACL submit-job",
    "a runner: runs",
    "exec (alloc-exec): works",
    "clock: agrees",
  ])
    expect(lines).toContain(`ok    ${found}`);
  expect(lines).not.toContain("hunter2");
  expect((await lab.jobIds()).filter((id) => id.includes("doctor"))).toEqual([]);
});

test("a Nomad that is not there, and one that does not know the token", async () => {
  const gone = await doctor({ POSEIDON_NOMAD_PORT: "1" });
  expect(gone.code).toBe(1);
  expect(gone.lines).toMatch(
    /^fail {2}Nomad at 127\.0\.0\.1:1: .*connection refused\n {6}→ check nomad\.address/m,
  );

  const { port } = (await lab.server()).gate;
  const stranger = await doctor({ POSEIDON_NOMAD_PORT: String(port), POSEIDON_NOMAD_TOKEN: "wrong" });
  expect(stranger.code).toBe(1);
  expect(stranger.lines).toMatch(/^fail {2}ACL list-jobs: .*403/m);
  expect(stranger.lines).toContain("give the token of nomad.token this right");
});

test("a wrong configuration is told by key", async () => {
  const { code, lines } = await doctor({ POSEIDON_SERVER_PORT: "x" });
  expect(code).toBe(1);
  expect(lines).toContain('fail  configuration: server.port is "x"');
});

test("the state of pools and runners is told in lines without secrets", async () => {
  const server = await lab.server();
  await server.client.put(7, { prewarmingPoolSize: 2 });
  await server.settled(7, { idle: 2 });
  const runner = await server.claimed(7);
  server.tellState();
  const told = server.lines.filter(({ message }) => message.startsWith("state of"));
  expect(told.map(({ message }) => message)).toContain("state of the server");
  expect(told).toContainEqual(
    expect.objectContaining({
      message: "state of a pool",
      fields: expect.objectContaining({ environment_id: 7, size: 2 }),
    }),
  );
  expect(told).toContainEqual(
    expect.objectContaining({
      message: "state of a runner",
      fields: expect.objectContaining({ runner_id: runner, state: "used", executions: 0 }),
    }),
  );
  expect(JSON.stringify(told)).not.toContain("token of");
});
