import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chooseExecutor } from "../../src/agent/executors/choose.js";
import { silentLogger } from "../../src/telemetry/silent-logger.js";
import type { Runner } from "../api/suite/client.js";
import { Certificates } from "../support/certificates.js";
import { Lab } from "../support/lab.js";
import { TestServer } from "../support/server.js";
import { until } from "../support/until.js";
import { Prometheus } from "./prometheus.js";

const POOL = 4;
/** How long a fault may take to be seen, ms. */
const WITHIN = { within: 90_000, every: 100 };

const file = readFileSync(new URL("../../deploy/prometheus/alerts.yml", import.meta.url), "utf8");
const alerts = [...file.matchAll(/alert: (\w+)/g)].map(([, name = ""]) => name);

/** The rules as they are, but for seconds where they look at minutes. */
const rules = file
  .replaceAll(/^ *for: .*\n/gm, "")
  .replaceAll(/\[\d+m\]/g, "[10s]")
  .replace("timestamp_seconds > 90 and", "timestamp_seconds > 3 and");

const metricsPort = ({ lines }: TestServer): number =>
  Number(lines.find(({ message }) => message === "listening for metrics")?.fields.port);

/** Keeps the event loop from everything else. */
function block(milliseconds: number): void {
  for (const end = performance.now() + milliseconds; performance.now() < end; );
}

describe("each alert fires when what it warns of is done to a server", { timeout: 240_000 }, () => {
  const seen = new Set<string>();
  let lab: Lab;
  let server: TestServer;
  let prometheus: Prometheus;

  beforeAll(async () => {
    const executor = await chooseExecutor({ logger: silentLogger });
    lab = await Lab.start({ executor, heartbeatInterval: 300 });
    server = await lab.server({
      POSEIDON_SERVER_METRICS_PORT: "0",
      POSEIDON_SERVER_SHUTDOWNTIMEOUT: "120",
      POSEIDON_NOMAD_CONNECTIONS: "20",
      POSEIDON_NOMAD_SNAPSHOTINTERVAL: "1",
      POSEIDON_NOMAD_WARM: "0",
    });
    await server.client.put(10, { prewarmingPoolSize: POOL });
    await server.settled(10, { idle: POOL }, { within: 60_000 });
    prometheus = await Prometheus.start({ port: metricsPort(server), rules });
  });

  afterAll(async () => {
    await prometheus?.stop();
    await lab?.stop();
    expect([...seen].sort()).toEqual([...alerts].sort());
  });

  const isFiring = async (alert: string, on = prometheus) => (await on.firing()).has(alert);

  const silent = (alert: string) =>
    until(`silence of ${alert}`, async () => !(await isFiring(alert)), WITHIN);

  /** Resolves once `alert` fires, with `again` called until then. */
  async function fires(alert: string, again: () => unknown = () => undefined): Promise<void> {
    const look = async () => {
      await again();
      return isFiring(alert);
    };
    await until(`${alert} to fire`, look, WITHIN);
    seen.add(alert);
  }

  test("an event loop that is blocked", async () => {
    await silent("PoseidonEventLoopBlocked");
    await fires("PoseidonEventLoopBlocked", () => block(300));
  });

  test("a pool that is used up, claims that fail, and so many error answers", async () => {
    for (const alert of ["PoseidonPoolDepleted", "PoseidonClaimsFail", "PoseidonServerErrors"])
      await silent(alert);
    await lab.fault({ fault: "hold-placements" });
    const runners: Runner[] = [];
    for (let count = 0; count < POOL; count += 1) runners.push(await server.client.claim(10));
    await fires("PoseidonPoolDepleted");
    await fires("PoseidonClaimsFail", () => server.claim(10));
    await fires("PoseidonServerErrors", () => server.claim(10));
    await lab.fault({ fault: "release-placements" });
    for (const runner of runners) await server.client.release(runner);
    await server.settled(10, { idle: POOL, used: 0 }, { within: 60_000 });
  });

  test("exec sessions that leave no room, and executions that break off", async () => {
    for (const alert of ["PoseidonExecSessionsExhausted", "PoseidonExecutionsFail"]) await silent(alert);
    const runner = await server.client.claim(10);
    const sleep = () => server.client.start(runner, { command: "sleep 200" });
    const executions = await Promise.all(Array.from({ length: 10 }, sleep));
    await fires("PoseidonExecSessionsExhausted");
    await fires("PoseidonExecutionsFail", async () => {
      await lab.fault({ fault: "cut-exec" });
      executions.push(await sleep());
    });
    await server.client.release(runner);
    await Promise.all(executions.map(({ result }) => result));
    await server.settled(10, { idle: POOL, used: 0 }, { within: 60_000 });
  });

  test("events that are lost", async () => {
    await silent("PoseidonSnapshotRepairs");
    await fires("PoseidonSnapshotRepairs", async () => {
      // Younger events of jobs come all the same, so that these are overdue.
      await lab.fault({ fault: "drop-events", topic: "Allocation", count: 4 });
      await server.client.release(await server.client.claim(10));
    });
    await lab.fault();
  });

  test("calls to Nomad that fail", async () => {
    await silent("PoseidonNomadErrors");
    await lab.fault({ fault: "answer", method: "GET", path: "^/v1/jobs", with: 500, body: "no", count: 1e6 });
    await fires("PoseidonNomadErrors", () => server.client.call("GET", "/execution-environments?fetch=true"));
    await lab.fault();
  });

  test("a stream of events that falls silent, and one that is cut", async () => {
    await silent("PoseidonEventStreamSilent");
    await lab.fault({ fault: "stop-heartbeats" });
    await fires("PoseidonEventStreamSilent");
    await lab.fault();
    await silent("PoseidonNomadUnreachable");
    server.gate.close();
    await fires("PoseidonNomadUnreachable");
    await server.gate.open();
  });

  test("a certificate that ends soon", async () => {
    const certificates = new Certificates();
    certificates.make("soon");
    certificates.serve("soon");
    const secure = await TestServer.start({
      nomad: lab.nomad,
      variables: {
        POSEIDON_SERVER_METRICS_PORT: "0",
        POSEIDON_SERVER_TLS_ACTIVE: "true",
        POSEIDON_SERVER_TLS_CERTFILE: certificates.certFile,
        POSEIDON_SERVER_TLS_KEYFILE: certificates.keyFile,
      },
      recovered: false,
    });
    const second = await Prometheus.start({ port: metricsPort(secure), rules });
    try {
      expect(await isFiring("PoseidonCertificateEnds")).toBe(false);
      await until("its alert", () => isFiring("PoseidonCertificateEnds", second), WITHIN);
      seen.add("PoseidonCertificateEnds");
    } finally {
      await second.stop();
      await secure.stop();
      certificates.remove();
    }
  });

  test("a server that stops, and one that is gone", async () => {
    await server.recovered();
    const runner = await server.client.claim(10);
    const execution = await server.client.start(runner, { command: "echo runs; sleep 200" });
    await execution.stdout("runs");
    await silent("PoseidonNotReady");
    const stopped = server.stopApp();
    await fires("PoseidonNotReady");
    await silent("PoseidonDown");
    execution.ws.terminate();
    await stopped;
    await fires("PoseidonDown");
  });
});
