import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { samplesAt } from "../../support/samples.js";
import { until } from "../../support/until.js";
import { startOnAgent } from "../start-agent.js";
import { ApiClient } from "../suite/client.js";
import { commandsBy } from "../suite/paths.js";
import type { StartedTarget } from "../suite.js";
import { warmed } from "./place.js";

/** One for events, two for calls, and six for sessions: as many as three warm runners take (runner-shell.md). */
const CONNECTIONS = "9";

describe("a budget of connections that is spent", () => {
  const id = 2_500;
  let target: StartedTarget;
  let client: ApiClient;

  beforeAll(async () => {
    target = await startOnAgent(id, { POSEIDON_NOMAD_CONNECTIONS: CONNECTIONS, POSEIDON_NOMAD_WARM: "2" });
    client = new ApiClient(target);
    await client.put(id, { prewarmingPoolSize: 2, memoryLimit: 256 });
  });
  afterAll(async () => {
    await client.close();
    await target.stop();
  });

  async function room(): Promise<number | undefined> {
    return (await samplesAt(target)).get("poseidon_nomad_exec_sessions_room");
  }

  test("a plain session evicts unused warm ones, and both commands are right", async () => {
    const runner = await client.claim(id);
    await warmed(client, runner);
    const first = await client.start(runner, { command: "echo on; echo err >&2; read -r x; exit 4" });
    await first.stdout("on");
    // Those of the two other runners take what is left.
    await until("no room", async () => (await room()) === 0, { within: 50_000 });
    const [fast, plain] = [await commandsBy(client, "fast"), await commandsBy(client, "plain")];
    const second = await client.run(runner, { command: "echo two; echo err >&2; exit 5" });
    expect([second.stdout, second.stderr, second.last]).toEqual([
      "two\r\n",
      "err\r\n",
      { type: "exit", data: 5 },
    ]);
    first.send("\n");
    const { stderr, last } = await first.result;
    expect([stderr, last]).toEqual(["err\r\n", { type: "exit", data: 4 }]);
    expect((await commandsBy(client, "plain")) - plain).toBeGreaterThanOrEqual(1);
    expect((await commandsBy(client, "fast")) - fast + (await commandsBy(client, "plain")) - plain).toBe(2);
  });
});
