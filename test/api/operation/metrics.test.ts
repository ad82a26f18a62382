import { afterAll, beforeAll, expect, test } from "vitest";
import { createAgent } from "../../../src/agent/agent.js";
import { chooseExecutor } from "../../../src/agent/executors/choose.js";
import { silentLogger } from "../../../src/telemetry/silent-logger.js";
import { samplesAt } from "../../support/samples.js";
import { TestServer } from "../../support/server.js";
import { until } from "../../support/until.js";

const TOKEN = "token of the agent";
let server: TestServer;
let stop: () => Promise<void> = async () => undefined;

beforeAll(async () => {
  const executor = await chooseExecutor({ logger: silentLogger });
  const agent = createAgent({ executor, token: TOKEN, logger: silentLogger });
  const { port } = await agent.start();
  server = await TestServer.start({
    nomad: { host: "127.0.0.1", port, token: TOKEN },
    variables: { POSEIDON_NOMAD_DISABLEFORCEPULL: "true", POSEIDON_NOMAD_WARM: "1" },
  });
  stop = async () => {
    await server.stop();
    await agent.stop();
  };
});
afterAll(() => stop());

async function samples(): Promise<(name: string) => number | undefined> {
  const all = await samplesAt(server.client.target);
  return (name) => all.get(name);
}

test("what clients do, and what the server does for it, is in the metrics", async () => {
  const { client } = server;
  await client.put(10, { prewarmingPoolSize: 2 });
  await server.settled(10, { idle: 2 });
  await until(
    "a reservation",
    async () => (await samples())('poseidon_pool_runners{environment_id="10",state="reserved"}') === 1,
  );
  const runner = await client.claim(10);
  await client.write(runner, "a.txt", "12345");
  await client.list(runner);
  await client.download(runner, { path: "a.txt" });
  const { last } = await client.run(runner, { command: "head -c 100 /dev/zero; exit 3" });
  expect(last).toEqual({ type: "exit", data: 3 });
  expect((await client.run(runner, { command: "sleep 60", timeLimit: 1 })).last?.type).toBe("timeout");
  await server.claim(404);
  await client.put(11, { prewarmingPoolSize: 0 });
  await server.claim(11);
  await server.settled(10, { idle: 2 });

  const value = await samples();
  const claims = (result: string, kind: string) =>
    value(`poseidon_claims_total{result="${result}",kind="${kind}"}`);
  expect(claims("claimed", "reserved")).toBe(1);
  expect(claims("environment_unknown", "none")).toBe(1);
  expect(claims("pool_empty", "none")).toBe(1);
  expect(value('poseidon_pool_size{environment_id="10"}')).toBe(2);
  expect(value('poseidon_pool_runners{environment_id="10",state="idle"}')).toBe(2);
  expect(value('poseidon_pool_runners{environment_id="10",state="used"}')).toBe(1);
  const outcomes = (outcome: string) =>
    ["plain", "fast"].reduce(
      (sum, path) => sum + (value(`poseidon_executions_total{path="${path}",outcome="${outcome}"}`) ?? 0),
      0,
    );
  expect([outcomes("exit"), outcomes("timeout")]).toEqual([1, 1]);
  expect(value("poseidon_execution_duration_seconds_count")).toBe(2);
  const bytes = (kind: string) => value(`poseidon_transferred_bytes_total{kind="${kind}"}`);
  expect([bytes("upload"), bytes("download"), bytes("stdout")]).toEqual([5, 5, 100]);
  for (const step of ["claim", "register", "exec_open", "list", "upload", "download", "snapshot", "recovery"])
    expect(value(`poseidon_step_duration_seconds_count{step="${step}"}`), step).toBeGreaterThan(0);
  expect(value("poseidon_pool_refill_duration_seconds_count")).toBeGreaterThan(0);
  expect(value('poseidon_http_requests_total{route="provideRunner",method="POST",code="404"}')).toBe(1);
  expect(value('poseidon_http_request_duration_seconds_count{route="/files"}')).toBe(1);
  expect(value('poseidon_nomad_requests_total{route="/v1/jobs",method="POST",code="200"}')).toBeGreaterThan(
    3,
  );
  expect(value("poseidon_nomad_event_stream_connected")).toBe(1);
  expect(value("poseidon_nomad_event_stream_last_frame_timestamp_seconds")).toBeGreaterThan(1e9);
  expect(value("poseidon_nomad_event_lag_seconds_count")).toBeGreaterThan(0);
  expect(value("poseidon_nomad_exec_sessions_room")).toBeGreaterThan(0);
  expect(value("poseidon_ready")).toBe(1);
  expect(value("process_resident_memory_bytes")).toBeGreaterThan(0);
});

test("a Nomad that goes away shows in the metrics", async () => {
  server.gate.close();
  await until("the loss", async () => (await samples())("poseidon_nomad_event_stream_connected") === 0);
  await server.claim(10);
  await server.claim(10);
  await until(
    "tries to connect",
    async () => ((await samples())("poseidon_nomad_event_stream_reconnects_total") ?? 0) > 0,
  );
  await server.gate.open();
  await until("the stream", async () => (await samples())("poseidon_nomad_event_stream_connected") === 1);
});
