import { connect } from "node:tls";
import { Agent, request } from "undici";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type App, createApp } from "../../../src/app.js";
import { resolveConfig } from "../../../src/config/resolve.js";
import { Certificates } from "../../support/certificates.js";
import { type LogLine, recordingLogger } from "../../support/recording-logger.js";
import { until } from "../../support/until.js";

const certificates = new Certificates();

beforeAll(() => {
  certificates.make("first");
  certificates.make("second");
});
afterAll(() => certificates.remove());

/** A server without Nomad, over TLS with the certificate that is there now. */
async function start(variables: Record<string, string> = {}) {
  const { config } = resolveConfig({
    file: { path: "", text: undefined },
    environment: {
      POSEIDON_SERVER_PORT: "0",
      POSEIDON_SERVER_SHUTDOWNTIMEOUT: "1",
      POSEIDON_NOMAD_ENABLED: "false",
      POSEIDON_SERVER_TLS_ACTIVE: "true",
      POSEIDON_SERVER_TLS_CERTFILE: certificates.certFile,
      POSEIDON_SERVER_TLS_KEYFILE: certificates.keyFile,
      ...variables,
    },
    randomToken: () => "random",
  });
  const lines: LogLine[] = [];
  const app: App = createApp(config, { logger: recordingLogger(lines) });
  onTestFinished(() => app.stop());
  return { app, lines, ...(await app.start()) };
}

/** The subject of the certificate that a new connection is shown. */
async function subject(port: number): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
  await new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return String(CN);
}

test("a certificate is exchanged under load, at a signal, without a failed request", async () => {
  certificates.serve("first");
  const { app, port } = await start();
  const ca = [certificates.pem("first"), certificates.pem("second")];
  const kept = new Agent({ connections: 4, connect: { ca } });
  onTestFinished(() => kept.destroy());
  const statuses = new Map<number, number>();
  let going = true;
  const client = async (dispatcher: () => Agent, after: (agent: Agent) => Promise<void>) => {
    while (going) {
      const agent = dispatcher();
      const { statusCode, body } = await request(`https://127.0.0.1:${port}/api/v1/health`, {
        dispatcher: agent,
      });
      await body.dump();
      statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
      await after(agent);
    }
  };
  const load = [
    ...Array.from({ length: 3 }, () =>
      client(
        () => kept,
        async () => undefined,
      ),
    ),
    client(
      () => new Agent({ connect: { ca } }),
      (agent) => agent.destroy(),
    ),
  ];
  for (const name of ["second", "first", "second"]) {
    certificates.serve(name);
    await app.reload();
    expect(await subject(port)).toBe(name);
  }
  going = false;
  await Promise.all(load);
  expect([...statuses.keys()]).toEqual([204]);
});

test("a certificate that changes is taken by itself; one that cannot be used is not", async () => {
  certificates.serve("first");
  const { app, port, lines } = await start();
  certificates.serve("second");
  await until("the new certificate", async () => (await subject(port)) === "second");
  certificates.serve("first");
  const { writeFileSync } = await import("node:fs");
  writeFileSync(certificates.keyFile, "no key");
  await app.reload();
  expect(lines.at(-1)).toMatchObject({ level: "warn", fields: { error: { name: "CertificateError" } } });
  expect(await subject(port)).toBe("second");
});

test("a start without a usable certificate says which file it is", async () => {
  certificates.serve("first");
  await expect(start({ POSEIDON_SERVER_TLS_KEYFILE: "/nowhere/key" })).rejects.toThrow(
    "server.tls.keyfile /nowhere/key cannot be read (ENOENT)",
  );
  await expect(start({ POSEIDON_SERVER_TLS_KEYFILE: certificates.certFile })).rejects.toThrow(
    /server\.tls\.certfile .* cannot be used together/,
  );
});
