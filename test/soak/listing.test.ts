import { expect, it } from "vitest";
import { chooseExecutor } from "../../src/agent/executors/choose.js";
import { silentLogger } from "../../src/telemetry/silent-logger.js";
import { ApiClient } from "../api/suite/client.js";
import { Lab } from "../support/lab.js";
import { until } from "../support/until.js";
import { ServerProcess } from "./server-process.js";

const ENTRIES = 1_000_000;
const TOKEN = "token of the listing";
/** What the server may hold on top meanwhile, bytes: buffers of both connections. */
const GROWTH = 60_000_000;

it(`${ENTRIES} entries are listed, and the server's memory stays flat`, { timeout: 600_000 }, async () => {
  const lab = await Lab.start({ executor: await chooseExecutor({ logger: silentLogger }) });
  const { host, port, token } = lab.nomad;
  const server = await ServerProcess.create({
    POSEIDON_SERVER_TOKEN: TOKEN,
    POSEIDON_NOMAD_ADDRESS: host,
    POSEIDON_NOMAD_PORT: String(port),
    POSEIDON_NOMAD_TOKEN: token,
  });
  server.start();
  const baseUrl = `http://127.0.0.1:${server.port}`;
  const client = new ApiClient({
    ...{ baseUrl, token: TOKEN, image: "any", firstEnvironmentId: 70 },
    ...{ twoUsers: false, mapsPorts: false, separateStderr: true },
  });
  try {
    const ready = async () => (await client.call("GET", "/execution-environments")).status === 200;
    await until("the server", ready, { within: 60_000 });
    await client.put(70, { memoryLimit: 4_000 });
    const runner = await client.claim(70);
    const make =
      "mkdir many; cd many; for ((d = 0; d < 100; d++)); do mkdir $d; for ((i = 0; i < 10000; i++)); do : >$d/$i; done; done";
    const { last } = await client.run(runner, { command: make, privilegedExecution: true });
    expect(last).toEqual({ type: "exit", data: 0 });
    const before = await server.holdings();
    let most = 0;
    let over = false;
    const watching = (async () => {
      while (!over) {
        most = Math.max(most, (await server.holdings()).heap);
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    })();
    const names = await namesOf(`${baseUrl}/api/v1/runners/${runner.id}/files?path=many`).finally(() => {
      over = true;
    });
    await watching;
    console.log(`entries: ${names}, heap before: ${before.heap}, at most: ${most}`);
    // The directories are entries too.
    expect(names).toBe(ENTRIES + 100);
    expect(most - before.heap).toBeLessThan(GROWTH);
  } finally {
    await client.close();
    await server.stop();
    await lab.stop();
  }
});

/** How many entries a listing has, counted as it comes. */
async function namesOf(url: string): Promise<number> {
  const answer = await fetch(url, { headers: { "Poseidon-Token": TOKEN } });
  let names = 0;
  let rest = "";
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
    const text = rest + Buffer.from(chunk).toString("latin1");
    names += text.split('"name":').length - 1;
    rest = text.slice(-6);
  }
  return names;
}
