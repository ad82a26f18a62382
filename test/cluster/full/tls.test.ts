import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { TestServer } from "../../support/server.js";
import { until } from "../../support/until.js";
import { isFullRun } from "../own-cluster.js";
import { type Certificates, TlsNomad } from "./tls-nomad.js";

const TOKEN = "a token that nobody may read on the way";

/** TLS to Nomad with an authority of one's own, and with certificates on both sides. */
describe.skipIf(!isFullRun)("Nomad over TLS", { timeout: 120_000 }, () => {
  let nomad: TlsNomad;
  let template = "";
  const servers: TestServer[] = [];

  beforeAll(async () => {
    nomad = await TlsNomad.start(4_792);
    template = `${nomad.client.ca}.template.json`;
    const task = { Name: "default-task", Driver: "raw_exec", Resources: { MemoryMB: 50 } };
    await writeFile(template, JSON.stringify({ TaskGroups: [{ Name: "default-group", Tasks: [task] }] }));
  }, 120_000);
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });
  afterAll(() => nomad?.stop(), 120_000);

  const start = async (
    files: Partial<Certificates> | undefined,
    options: { readonly port?: number; readonly recovered?: boolean; readonly token?: string } = {},
  ): Promise<TestServer> => {
    const { port = nomad.port, recovered = false, token = "" } = options;
    const server = await TestServer.start({
      nomad: { host: "127.0.0.1", port, token },
      recovered,
      variables: {
        POSEIDON_SERVER_TEMPLATEJOBFILE: template,
        ...(files === undefined ? {} : { POSEIDON_NOMAD_TLS_ACTIVE: "true" }),
        POSEIDON_NOMAD_TLS_CAFILE: files?.ca ?? "",
        POSEIDON_NOMAD_TLS_CERTFILE: files?.cert ?? "",
        POSEIDON_NOMAD_TLS_KEYFILE: files?.key ?? "",
      },
    });
    servers.push(server);
    return server;
  };

  /** What the server says of a Nomad that it cannot reach; the API says NOMAD_UNREACHABLE. */
  const unreached = async (server: TestServer): Promise<string> => {
    const line = await until("a line about Nomad", () =>
      server.lines.find(
        ({ level, fields }) => ["warn", "error"].includes(level) && fields["error"] instanceof Error,
      ),
    );
    const answer = await server.client.call("GET", "/execution-environments");
    expect([answer.status, answer.json().errorCode]).toEqual([500, "NOMAD_UNREACHABLE"]);
    return String((line.fields["error"] as Error).message);
  };

  test("with the right authority and certificate everything works, exec sessions too", async () => {
    const server = await start(nomad.client, { recovered: true });
    const { client } = server;
    await client.put(7_250, { image: "none" });
    const runner = await client.claim(7_250);
    const { stdout, last } = await client.run(runner, {
      command: "echo over TLS",
      privilegedExecution: true,
    });
    expect([stdout, last]).toEqual(["over TLS\r\n", { type: "exit", data: 0 }]);
    expect((await client.call("DELETE", "/execution-environments/7250")).status).toBe(204);
  });

  test("another authority's certificate is not believed", async () => {
    const message = await unreached(await start({ ...nomad.client, ca: nomad.stranger.ca }));
    expect(message).toMatch(/certificate|SELF_SIGNED|VERIFY|ISSUER/i);
  });

  test("without a certificate of our own, or with a stranger's, Nomad refuses", async () => {
    expect(await unreached(await start({ ca: nomad.client.ca }))).toMatch(/^Nomad cannot be reached/);
    expect(await unreached(await start({ ...nomad.stranger, ca: nomad.client.ca }))).toMatch(
      /^Nomad cannot be reached/,
    );
  });

  test("plain text to a Nomad with TLS does not work, and is said", async () => {
    await unreached(await start(undefined));
  });

  test("TLS to something without it: nothing goes out in plain text", async () => {
    const seen: Buffer[] = [];
    const plain = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.on("data", (chunk) => {
        seen.push(chunk);
        socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]");
      });
    });
    plain.listen(0, "127.0.0.1");
    await once(plain, "listening");
    const server = await start(nomad.client, { port: (plain.address() as AddressInfo).port, token: TOKEN });
    await unreached(server);
    await until("several tries", () => seen.length > 3);
    // Each connection begins with a TLS handshake, and none carries the token.
    for (const chunk of seen) expect(chunk[0]).toBe(0x16);
    expect(Buffer.concat(seen).includes(TOKEN)).toBe(false);
    plain.close();
  });
});
