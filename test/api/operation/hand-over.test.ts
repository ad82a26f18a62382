import { afterAll, beforeAll, expect, test } from "vitest";
import { chooseExecutor } from "../../../src/agent/executors/choose.js";
import { silentLogger } from "../../../src/telemetry/silent-logger.js";
import { activatedServer, SERVER_TOKEN } from "../../support/activated-server.js";
import { type CompiledProgram, compileProgram } from "../../support/compiled-program.js";
import { claimLoad } from "../../support/load/claims.js";
import { Connections } from "../../support/load/connections.js";
import { until } from "../../support/until.js";

let program: CompiledProgram;
beforeAll(() => {
  program = compileProgram();
});
afterAll(() => program.remove());

const start = (options: Parameters<typeof activatedServer>[1] = {}) => activatedServer(program, options);

const POOL = 100;
/** Claims a second. */
const RATE = 20;
const PATIENT = { within: 50_000 };

test.each(["beside the draining one", "after its end"])(
  "no claim fails while a server is replaced by another, %s",
  { timeout: 120_000 },
  async (order) => {
    const { manager, client, serve } = await start();
    const first = await serve();
    await manager.told(first, "READY=1");
    const put = await client.put(1, { prewarmingPoolSize: POOL, cpuLimit: 1 });
    expect([put.status, put.text]).toEqual([201, ""]);
    const connections = new Connections({ origin: `http://127.0.0.1:${manager.port}`, token: SERVER_TOKEN });
    const claims = claimLoad(connections, { environmentId: 1, rate: RATE });
    const more = async (count: number): Promise<void> => {
      const wanted = claims.done + count;
      await until(`${count} more claims`, () => claims.failures.length > 0 || claims.done >= wanted, PATIENT);
    };
    await more(20);
    process.kill(first, "SIGTERM");
    await manager.told(first, "STOPPING=1");
    if (order === "after its end") expect(await manager.ended(first)).toBe(0);
    const second = await serve();
    await manager.told(second, "READY=1");
    expect(await manager.ended(first)).toBe(0);
    await more(10);
    await claims.stop();
    await connections.close();
    expect(claims.failures).toEqual([]);
    process.kill(second, "SIGTERM");
    expect(await manager.ended(second)).toBe(0);
  },
);

test("executions go on while a server is replaced; what takes longer than the stop may is told to go", async () => {
  const { manager, client, serve } = await start({
    executor: await chooseExecutor({ logger: silentLogger }),
    variables: { POSEIDON_SERVER_SHUTDOWNTIMEOUT: "6" },
  });
  const first = await serve();
  await manager.told(first, "READY=1");
  await client.put(1, { prewarmingPoolSize: 2 });
  const runner = await client.claim(1);
  const short = await client.start(runner, { command: "echo ready; read line; echo got $line; exit 7" });
  const long = await client.start(runner, { command: "echo ready; sleep 60" });
  await Promise.all([short.stdout("ready"), long.stdout("ready")]);
  process.kill(first, "SIGTERM");
  await manager.told(first, "STOPPING=1");
  const second = await serve();
  // Not when that is ready: on a busy machine the first one's time may be over by then.
  short.send("it\n");
  expect((await short.result).messages.at(-1)).toEqual({ type: "exit", data: 7 });
  const { code, messages } = await long.result;
  expect([code, messages.at(-1)?.type]).toEqual([1001, "stdout"]);
  expect(await manager.ended(first)).toBe(0);
  await manager.told(second, "READY=1");
  const after = await client.run(runner, { command: "echo still here" });
  expect([after.stdout.trim(), after.last]).toEqual(["still here", { type: "exit", data: 0 }]);
});

test("systemd hears that the server is alive as long as that answers", async () => {
  const { manager, client, serve } = await start();
  const server = await serve({ WATCHDOG_USEC: "200000" });
  await manager.told(server, "READY=1");
  await manager.told(server, "WATCHDOG=1");
  expect((await client.call("GET", "/health")).status).toBe(204);
  process.kill(server, "SIGTERM");
  expect(await manager.ended(server)).toBe(0);
  expect([manager.states(server)[0], manager.states(server).at(-1)]).toEqual(["READY=1", "STOPPING=1"]);
});

test("a server that is to take sockets and gets none does not start", async () => {
  const { manager, serve } = await start();
  const server = await manager.run(
    ["/usr/bin/env", "-u", "LISTEN_FDS", process.execPath, program.main, "serve"],
    {
      PATH: process.env.PATH ?? "",
      POSEIDON_SERVER_SYSTEMDSOCKETACTIVATION: "true",
      POSEIDON_LOGGER_LEVEL: "fatal",
    },
  );
  expect(await manager.ended(server)).toBe(1);
  expect(serve).toBeDefined();
});
