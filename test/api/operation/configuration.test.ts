import { readFileSync } from "node:fs";
import { connect, type TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { createApp } from "../../../src/app.js";
import { resolveConfig } from "../../../src/config/resolve.js";
import { selfCheck } from "../../../src/systemd/self-check.js";
import { Certificates } from "../../support/certificates.js";
import { freePort } from "../../support/free-port.js";
import { Lab } from "../../support/lab.js";
import { type LogLine, recordingLogger } from "../../support/recording-logger.js";
import { until } from "../../support/until.js";
import { FakeNomad } from "../../unit/nomad/fake-nomad.js";

const pem = (name: string) => fileURLToPath(new URL(`../../unit/nomad/tls/${name}.pem`, import.meta.url));
const certificates = new Certificates();

beforeAll(() => {
  certificates.make("ours");
  certificates.make("another");
  certificates.serve("ours");
});
afterAll(() => certificates.remove());

const ANY_PORT = { POSEIDON_SERVER_PORT: "0" };

/** A server by a configuration file, with what operators would write. */
async function start(text: string, environment: Readonly<Record<string, string>> = ANY_PORT) {
  const { config } = resolveConfig({
    file: { path: "configuration.yaml", text },
    environment: { POSEIDON_SERVER_SHUTDOWNTIMEOUT: "1", ...environment },
    randomToken: () => "random",
  });
  const lines: LogLine[] = [];
  const app = createApp(config, { logger: recordingLogger(lines) });
  onTestFinished(() => app.stop());
  const { port } = await app.start();
  return { port, lines, api: `http://127.0.0.1:${port}/api/v1` };
}

const WITHOUT_NOMAD = "nomad: {enabled: false}\n";

test("server.address and server.port are where the API listens, and nowhere else", async () => {
  const wanted = await freePort();
  const { port } = await start(`server: {address: 127.0.0.3, port: ${wanted}}\n${WITHOUT_NOMAD}`, {});
  expect(port).toBe(wanted);
  expect((await fetch(`http://127.0.0.3:${wanted}/api/v1/health`)).status).toBe(204);
  await expect(fetch(`http://127.0.0.5:${wanted}/api/v1/health`)).rejects.toThrow();
});

test("each key of nomad.network is in the jobs of environments with network access", async () => {
  const lab = await Lab.start();
  onTestFinished(() => lab.stop());
  const { api } = await start(`
nomad:
  port: ${lab.nomad.port}
  token: ${lab.nomad.token}
  network:
    mode: host
    device: eth1
    ip: 10.0.0.2
    cidr: 10.0.0.0/24
    mbits: 100
    hostname: runner
    dns: {servers: [1.1.1.1, 8.8.8.8], searches: [example.org], options: ["ndots:2"]}
    cni: {args: {IgnoreUnknown: "1"}}
    reservedports: [{label: ssh, value: 2222, to: 22, hostnetwork: public}]
    dynamicports: [{label: web, to: 80}]
`);
  await until("the recovery", async () => (await fetch(`${api}/execution-environments`)).status === 200);
  const settings = { image: "any", cpuLimit: 1, memoryLimit: 10, networkAccess: true, exposedPorts: [443] };
  const put = await fetch(`${api}/execution-environments/1`, {
    method: "PUT",
    body: JSON.stringify(settings),
  });
  // The agent may refuse to place what asks for such a network: what counts is what it was asked for.
  expect([201, 500]).toContain(put.status);
  const job = await lab.job("template-1");
  const group = job?.TaskGroups?.find(({ Name }) => Name === "default-group");
  expect(group?.Networks).toMatchObject([
    {
      Mode: "host",
      Device: "eth1",
      IP: "10.0.0.2",
      CIDR: "10.0.0.0/24",
      MBits: 100,
      Hostname: "runner",
      DNS: { Servers: ["1.1.1.1", "8.8.8.8"], Searches: ["example.org"], Options: ["ndots:2"] },
      CNI: { Args: { IgnoreUnknown: "1" } },
      ReservedPorts: [{ Label: "ssh", Value: 2222, To: 22, HostNetwork: "public" }],
      DynamicPorts: [
        { Label: "web", To: 80 },
        { Label: "443", To: 443 },
      ],
    },
  ]);
});

test("nomad.address, port, token, namespace and tls are those of every request to Nomad", async () => {
  const [cert, ca] = [readFileSync(pem("server")), readFileSync(pem("ca"))];
  const nomad = await new FakeNomad({
    tls: { cert, key: cert, ca, requestCert: true, rejectUnauthorized: true },
  }).start();
  onTestFinished(() => nomad.stop());
  nomad.answer = () => ({ status: 500, body: "not now" });
  await start(`
nomad:
  address: 127.0.0.1
  port: ${nomad.endpoint.port}
  token: a token of Nomad
  namespace: learners
  tls: {active: true, cafile: ${pem("ca")}, certfile: ${pem("own")}, keyfile: ${pem("own")}}
`);
  const seen = await until("requests", () => nomad.seen.length >= 2 && nomad.seen);
  for (const { headers, query } of seen) {
    expect(headers["x-nomad-token"]).toBe("a token of Nomad");
    expect(query.get("namespace")).toBe("learners");
  }
});

test.each([
  ["1.2", "TLSv1.2"],
  ["1.3", "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION"],
])("server.tls.minversion %s: a client of TLS 1.2 gets %s", async (version, expected) => {
  const { port } = await start(
    `server: {tls: {active: true, minversion: ${version}, certfile: ${certificates.certFile}, keyfile: ${certificates.keyFile}}}\n${WITHOUT_NOMAD}`,
  );
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, maxVersion: "TLSv1.2" });
  const got = await new Promise((resolve) => {
    socket.once("secureConnect", () => resolve((socket as TLSSocket).getProtocol()));
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code));
  });
  socket.destroy();
  expect(got).toBe(expected);
});

test("server.tls.cafile is whom the server's own health check believes", async () => {
  const { port } = await start(
    `server: {tls: {active: true, certfile: ${certificates.certFile}, keyfile: ${certificates.keyFile}}}\n${WITHOUT_NOMAD}`,
  );
  const check = (caFile: string) =>
    selfCheck(
      { address: "127.0.0.1", port, tls: { caFile }, userAgent: "Poseidon/1 (x)" },
      { signal: AbortSignal.timeout(10_000) },
    );
  expect(await check("")).toBe(true);
  expect(await check(certificates.pathOf("ours"))).toBe(true);
  expect(await check(certificates.pathOf("another"))).toBe(false);
  expect(await check("/nowhere")).toBe(false);
});

test("server.loggingfiltertoken: requests with it in their user agent are at trace, others at debug", async () => {
  const { api, lines } = await start(`server: {loggingfiltertoken: hide-me}\n${WITHOUT_NOMAD}`);
  for (const agent of ["Poseidon/1.2 (hide-me) curl", "Poseidon/1.2 (show-me) curl"])
    await fetch(`${api}/health`, { headers: { "User-Agent": agent } });
  const requests = await until("both lines", () => {
    const found = lines.filter(({ message }) => message === "request");
    return found.length === 2 && found;
  });
  expect(requests.map(({ level, fields }) => [level, fields.user_agent])).toEqual([
    ["trace", "Poseidon/1.2 (…) curl"],
    ["debug", "Poseidon/1.2 (show-me) curl"],
  ]);
});

test("server.bodylimit: a longer body is 413", async () => {
  const { api } = await start(`server: {bodylimit: 100}\n${WITHOUT_NOMAD}`);
  const put = async (length: number) => {
    const answer = await fetch(`${api}/execution-environments/1`, {
      method: "PUT",
      body: JSON.stringify({ image: "a".repeat(length) }),
    });
    return answer.status;
  };
  expect([await put(80), await put(100)]).toEqual([400, 413]);
});

test("server.metrics.address is where the metrics' own listener is", async () => {
  const { lines } = await start(`server: {metrics: {address: 127.0.0.2, port: 0}}\n${WITHOUT_NOMAD}`);
  const told = lines.find(({ message }) => message === "listening for metrics")?.fields;
  expect(told?.["address"]).toBe("127.0.0.2");
  expect((await fetch(`http://127.0.0.2:${told?.["port"]}/metrics`)).status).toBe(200);
});
