import { Agent as HttpAgent, request } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chooseExecutor } from "../../../src/agent/executors/choose.js";
import { silentLogger } from "../../../src/telemetry/silent-logger.js";
import { activatedServer, SERVER_TOKEN } from "../../support/activated-server.js";
import { type CompiledProgram, compileProgram } from "../../support/compiled-program.js";
import { until } from "../../support/until.js";

const headers = { "Poseidon-Token": SERVER_TOKEN };

let program: CompiledProgram;
beforeAll(() => {
  program = compileProgram();
});
afterAll(() => program.remove());

const start = (options: Parameters<typeof activatedServer>[1] = {}) => activatedServer(program, options);

const POOL = 100;
/** So many are claimed at first, then while nobody fills the pool, then at the successor: fewer in all than there are, however busy the machine is. */
const CLAIMS = { first: 20, unfilled: 50, last: 15 };
const BODY = JSON.stringify({ executionEnvironmentId: 1, inactivityTimeout: 0 });

/** Claims again and again, over kept connections and over new ones; `over` ends it and gives the statuses. */
function claimAllTheTime(port: number) {
  const answers: string[] = [];
  const going = new AbortController();
  let left = Number.POSITIVE_INFINITY;
  const kept = new HttpAgent({ connections: 4, pipelining: 1 });
  const claim = async (dispatcher: HttpAgent): Promise<void> => {
    const url = `http://127.0.0.1:${port}/api/v1/runners`;
    try {
      const { statusCode, body } = await request(url, { method: "POST", headers, body: BODY, dispatcher });
      const text = await body.text();
      answers.push(statusCode === 200 ? "200" : `${statusCode} ${text}`);
    } catch (error) {
      answers.push(String(error));
    }
  };
  const pace = () => new Promise((resolve) => setTimeout(resolve, 20));
  const loop = async (once: () => Promise<void>): Promise<void> => {
    while (!going.signal.aborted) {
      if (left > 0) await Promise.all([once(), pace()]);
      else await pace();
      left -= 1;
    }
  };
  const loops = [
    loop(() => claim(kept)),
    loop(async () => {
      const fresh = new HttpAgent();
      await claim(fresh);
      await fresh.destroy();
    }),
  ];
  return {
    answers,
    /** From now on only so many more, until it is said again. */
    limit(most: number): void {
      left = most;
    },
    async over(): Promise<readonly string[]> {
      going.abort();
      await Promise.all(loops);
      await kept.destroy();
      return answers;
    },
  };
}

test.each(["beside the draining one", "after its end"])(
  "no claim fails while a server is replaced by another, %s",
  async (order) => {
    const { manager, client, serve } = await start();
    const first = await serve();
    await manager.told(first, "READY=1");
    const put = await client.put(1, { prewarmingPoolSize: POOL, cpuLimit: 1 });
    expect([put.status, put.text]).toEqual([201, ""]);
    await until(
      "a full pool",
      async () => {
        const answer = await client.call("GET", "/statistics/execution-environments");
        return answer.json()["1"].idleRunners === POOL;
      },
      { within: 40_000 },
    );
    const claims = claimAllTheTime(manager.port);
    await until("the first claims", () => claims.answers.length >= CLAIMS.first);
    claims.limit(CLAIMS.unfilled);
    process.kill(first, "SIGTERM");
    await manager.told(first, "STOPPING=1");
    if (order === "after its end") expect(await manager.ended(first)).toBe(0);
    const second = await serve();
    await manager.told(second, "READY=1");
    claims.limit(CLAIMS.last);
    expect(await manager.ended(first)).toBe(0);
    const before = claims.answers.length;
    await until("claims at the successor", () => claims.answers.length >= before + 10);
    const answers = await claims.over();
    expect(answers.filter((answer) => answer !== "200")).toEqual([]);
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
