import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { Agent, request } from "undici";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { startApi } from "./api-under-test.js";
import type { FakeExecution } from "./fake-services.js";

interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

let folder = "";
let certificates: readonly Certificate[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "api-tls-"));
  certificates = ["first", "second"].map((name) => {
    const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
    const options = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
    execFileSync(
      "openssl",
      ["req", "-x509", ...options, "-subj", `/CN=${name}`, "-keyout", key, "-out", cert],
      {
        stdio: "ignore",
      },
    );
    return { cert: readFileSync(cert), key: readFileSync(key) };
  });
});

afterAll(() => rmSync(folder, { recursive: true }));

async function subject(port: number, maxVersion: "TLSv1.2" | "TLSv1.3"): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false, maxVersion });
  await new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return String(CN);
}

test("everything works over TLS, the URL is wss, and the certificate can be exchanged", async () => {
  const [first, second] = certificates as [Certificate, Certificate];
  const api = await startApi({ tls: { ...first, minVersion: "1.3" } });
  const runner = api.runners.add();
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  onTestFinished(() => dispatcher.destroy());
  const answer = await request(`https://127.0.0.1:${api.port}/api/v1/runners/${runner.id}/execute`, {
    method: "POST",
    body: "{}",
    dispatcher,
  });
  const { websocketUrl } = (await answer.body.json()) as { websocketUrl: string };
  expect(websocketUrl).toMatch(/^wss:\/\/127\.0\.0\.1:\d+\/api/);
  const started = new Promise<FakeExecution>((resolve) => {
    runner.onOpen = resolve;
  });
  const client = api.open(websocketUrl, { rejectUnauthorized: false });
  const execution = await started;
  execution.listener.onOutput("stdout", Buffer.from("hi"));
  execution.listener.onEnd({ type: "exit", exitCode: 0 });
  expect((await client.closed).code).toBe(1000);
  expect(client.messages).toEqual([
    { type: "start" },
    { type: "stdout", data: "hi" },
    { type: "exit", data: 0 },
  ]);
  const upgraded = await request(`https://127.0.0.1:${api.port}/api/v1/version`, {
    headers: { "x-request-id": "tls" },
    dispatcher,
  });
  expect([upgraded.statusCode, upgraded.headers["x-request-id"]]).toEqual([200, "tls"]);
  await upgraded.body.dump();

  expect(await subject(api.port, "TLSv1.3")).toBe("first");
  await expect(subject(api.port, "TLSv1.2")).rejects.toThrow();
  api.server.setCertificate(second);
  expect(await subject(api.port, "TLSv1.3")).toBe("second");
  await expect(subject(api.port, "TLSv1.2")).rejects.toThrow();
});

test("an older version of TLS is taken if it is allowed", async () => {
  const [first] = certificates as [Certificate];
  const api = await startApi({ tls: { ...first, minVersion: "1.2" } });
  expect(await subject(api.port, "TLSv1.2")).toBe("first");
});

test("an offer of another protocol is ignored over TLS too", async () => {
  const [first] = certificates as [Certificate];
  const api = await startApi({ tls: { ...first, minVersion: "1.3" } });
  const socket = connect({ port: api.port, host: "127.0.0.1", rejectUnauthorized: false });
  onTestFinished(() => void socket.destroy());
  const answer = new Promise((resolve) => socket.once("data", (data) => resolve(String(data))));
  socket.write("GET /api/v1/version HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
  expect(await answer).toMatch(/^HTTP\/1.1 200 /);
});
