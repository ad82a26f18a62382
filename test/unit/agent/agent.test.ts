import { afterEach, expect, test } from "vitest";
import { createAgent } from "../../../src/agent/agent.js";
import { createNullExecutor } from "../../../src/agent/executors/null.js";
import { runnerJob } from "../../contract/jobs.js";
import { call, Events, exec, type Target } from "../../contract/target.js";
import { silentLogger } from "./silent-logger.js";

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function start(options: object = {}): Promise<Target> {
  const agent = createAgent({
    executor: createNullExecutor(),
    token: "secret",
    logger: silentLogger,
    ...options,
  });
  stops.push(() => agent.stop());
  const { address, port } = await agent.start();
  return {
    address: `http://${address}:${port}`,
    token: "secret",
    image: "any",
    driver: "docker",
    canRun: false,
    hasWorkspace: false,
    isDocker: false,
    canRunOutOfMemory: false,
    prefix: "990-",
  };
}

test("registers, places, tells of it, runs a command and purges", async () => {
  const target = await start();
  const events = await Events.open(target);
  const registered = await call(target, "POST", "/v1/jobs", runnerJob(target, "990-a"));
  expect(registered.status).toBe(200);
  const running = await events.waitFor(
    "running",
    (event) => event.Payload.Allocation?.TaskStates?.["default-task"]?.State === "running",
  );
  expect(await exec(target, running.Key, ["true"])).toMatchObject({
    frames: [{ stdout: { close: true } }, { stderr: { close: true } }, { exited: true, result: {} }],
    code: 1006,
  });
  await call(target, "DELETE", "/v1/job/990-a?purge=true");
  await events.waitFor("deregistered", (event) => event.Type === "JobDeregistered");
  events.close();
});
