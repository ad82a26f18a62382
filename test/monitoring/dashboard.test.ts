import { readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { createAgent } from "../../src/agent/agent.js";
import { chooseExecutor } from "../../src/agent/executors/choose.js";
import { silentLogger } from "../../src/telemetry/silent-logger.js";
import { TestServer } from "../support/server.js";
import { until } from "../support/until.js";
import { Prometheus } from "./prometheus.js";

const TOKEN = "token of the agent";

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const dashboard = JSON.parse(
  readFileSync(new URL("../../deploy/grafana/poseidon.json", import.meta.url), "utf8"),
) as { readonly panels: readonly Panel[] };

const queries = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => ({ title, expression: expr.replaceAll("$__rate_interval", "1m") })),
);

/** Uses the server until `over`: claims, files, executions, returns. */
async function keepBusy({ client }: TestServer, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    const runner = await client.claim(10);
    await client.write(runner, "a.txt", "12345");
    await client.list(runner);
    await client.download(runner, { path: "a.txt" });
    const execution = await client.start(runner, { command: "read line; echo $line; echo oops >&2" });
    await execution.started();
    execution.send("hello\n");
    await execution.result;
    await client.release(runner);
  }
}

test("every query of the dashboard gives rows from a busy server", async () => {
  const executor = await chooseExecutor({ logger: silentLogger });
  const agent = createAgent({ executor, token: TOKEN, logger: silentLogger });
  onTestFinished(() => agent.stop());
  const { port } = await agent.start();
  const server = await TestServer.start({
    nomad: { host: "127.0.0.1", port, token: TOKEN },
    variables: { POSEIDON_NOMAD_DISABLEFORCEPULL: "true", POSEIDON_SERVER_METRICS_PORT: "0" },
  });
  onTestFinished(() => server.stop());
  const listening = server.lines.find(({ message }) => message === "listening for metrics");
  const prometheus = await Prometheus.start({ port: Number(listening?.fields.port) });
  onTestFinished(() => prometheus.stop());

  await server.client.put(10, { prewarmingPoolSize: 2 });
  const over = new AbortController();
  const busy = keepBusy(server, over.signal);
  busy.catch(() => over.abort());
  try {
    for (const { title, expression } of queries) {
      const rows = await until(
        `rows for "${title}": ${expression}`,
        async () => {
          const found = await prometheus.query(expression);
          return found.some(({ value }) => value[1] !== "NaN") && found;
        },
        { within: 30_000 },
      );
      expect(rows.length).toBeGreaterThan(0);
    }
  } finally {
    over.abort();
    await busy;
  }
});
