import { afterAll, beforeAll, expect, test } from "vitest";
import { chooseExecutor } from "../../../src/agent/executors/choose.js";
import { silentLogger } from "../../../src/telemetry/silent-logger.js";
import { Lab } from "../../support/lab.js";
import { samplesAt } from "../../support/samples.js";
import type { TestServer } from "../../support/server.js";
import { warmed } from "./place.js";

const OPENED = 'poseidon_step_duration_seconds_count{step="exec_open"}';
/** Up to this size, in bytes, a download goes by the session that is there. */
const LARGEST = 1024 * 1024;

const TRIES = 10;

let lab: Lab;
let server: TestServer;
beforeAll(async () => {
  lab = await Lab.start({ executor: await chooseExecutor({ logger: silentLogger }) });
  server = await lab.server({ POSEIDON_NOMAD_WARM: "1" });
});
afterAll(() => lab.stop());

/** How many exec sessions the server has opened. */
async function opened(): Promise<number> {
  return (await samplesAt(server.client.target)).get(OPENED) ?? 0;
}

test("a download of over 1 MB has a session of its own, a smaller one has none", async () => {
  const { client } = server;
  await client.put(1, { prewarmingPoolSize: 1, memoryLimit: 256 });
  await server.settled(1, { idle: 1 });
  // No other runner is warmed meanwhile.
  await lab.fault({ fault: "hold-placements" });
  const runner = await client.claim(1);
  const sizes = { small: LARGEST, large: LARGEST + 1 };
  for (const [name, size] of Object.entries(sizes)) {
    const made = await client.run(runner, { command: `head -c ${size} /dev/urandom > ${name}` });
    expect(made.last).toEqual({ type: "exit", data: 0 });
  }
  const sums = await client.run(runner, { command: "sha256sum small large" });
  await warmed(client, runner);
  // What the last command used may be opened anew behind it, and while that lasts a small one may need a session too.
  const own: Record<string, number> = {};
  for (const [name, size] of Object.entries(sizes)) {
    const counts: number[] = [];
    for (let tries = 0; tries < TRIES; tries += 1) {
      const before = await opened();
      const { status, bytes } = await client.download(runner, { path: name });
      counts.push((await opened()) - before);
      expect([status, bytes.length]).toEqual([200, size]);
      const hash = await crypto.subtle.digest("SHA-256", new Uint8Array(bytes));
      expect(sums.stdout).toContain(`${Buffer.from(hash).toString("hex")}  ${name}`);
    }
    own[name] = Math.min(...counts);
  }
  expect(own).toEqual({ small: 0, large: 1 });
});
