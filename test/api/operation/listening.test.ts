import { expect, onTestFinished, test } from "vitest";
import { createApp } from "../../../src/app.js";
import { resolveConfig } from "../../../src/config/resolve.js";
import { type LogLine, recordingLogger } from "../../support/recording-logger.js";

async function start(variables: Record<string, string>) {
  const { config } = resolveConfig({
    file: { path: "", text: undefined },
    environment: {
      POSEIDON_SERVER_PORT: "0",
      POSEIDON_SERVER_SHUTDOWNTIMEOUT: "1",
      POSEIDON_NOMAD_ENABLED: "false",
      ...variables,
    },
    randomToken: () => "random",
  });
  const lines: LogLine[] = [];
  const app = createApp(config, { logger: recordingLogger(lines) });
  onTestFinished(() => app.stop());
  const { port } = await app.start();
  const get = async (path: string, options: { port?: number; headers?: Record<string, string> } = {}) => {
    const { headers = {} } = options;
    const answer = await fetch(`http://127.0.0.1:${options.port ?? port}${path}`, { headers });
    return { status: answer.status, text: await answer.text() };
  };
  return { get, lines };
}

const OPEN = "anybody who reaches this server can run commands: it listens without server.token";

test.each([
  ["0.0.0.0", "", true],
  ["::", "", true],
  ["0.0.0.0", "secret", false],
  ["127.0.0.1", "", false],
  ["::1", "", false],
])("on %s with token '%s': %s", async (address, token, warned) => {
  const { lines } = await start({ POSEIDON_SERVER_ADDRESS: address, POSEIDON_SERVER_TOKEN: token });
  expect(lines.some(({ level, message }) => level === "warn" && message === OPEN)).toBe(warned);
});

test("metrics are on the API's port with token, or on a port of their own without", async () => {
  const headers = { "Poseidon-Token": "secret" };
  const { get } = await start({ POSEIDON_SERVER_TOKEN: "secret" });
  expect((await get("/metrics")).status).toBe(401);
  expect((await get("/metrics", { headers })).text).toContain("process_cpu_seconds_total");

  const own = await start({ POSEIDON_SERVER_TOKEN: "secret", POSEIDON_SERVER_METRICS_PORT: "0" });
  expect((await own.get("/metrics", { headers })).status).toBe(404);
  const { port } = own.lines.find(({ message }) => message === "listening for metrics")?.fields ?? {};
  const answer = await own.get("/metrics", { port: Number(port) });
  expect(answer.status).toBe(200);
  expect(answer.text).toContain("process_cpu_seconds_total");
  expect((await own.get("/api/v1/version", { port: Number(port) })).status).toBe(404);
});

test("past server.ratelimit the answer is 429, by the address that the trusted proxy saw", async () => {
  const from = (address: string) => ({ headers: { "X-Forwarded-For": address } });
  const { get } = await start({ POSEIDON_SERVER_RATELIMIT: "0.001", POSEIDON_SERVER_TRUSTPROXY: "true" });
  expect((await get("/api/v1/version", from("192.0.2.1"))).status).toBe(200);
  expect((await get("/api/v1/version", from("198.51.100.9, 192.0.2.1"))).status).toBe(429);
  expect((await get("/api/v1/version", from("192.0.2.2"))).status).toBe(200);

  const untrusting = await start({ POSEIDON_SERVER_RATELIMIT: "0.001" });
  expect((await untrusting.get("/api/v1/version", from("192.0.2.1"))).status).toBe(200);
  expect((await untrusting.get("/api/v1/version", from("192.0.2.2"))).status).toBe(429);
});
