import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { NomadClient } from "../../../src/nomad/client.js";
import { ConnectionLimiters } from "../../../src/nomad/connection-limiters.js";
import { openEventStream } from "../../../src/nomad/event-stream.js";
import { NomadExecOpener } from "../../../src/nomad/exec-opener.js";
import { NomadTransport } from "../../../src/nomad/transport.js";
import { ExecRecorder } from "./exec-recorder.js";
import { FakeNomad } from "./fake-nomad.js";
import { QuietLogger } from "./quiet-logger.js";

const fixture = (name: string) => fileURLToPath(new URL(`./tls/${name}.pem`, import.meta.url));
const ours = { caFile: fixture("ca"), certFile: fixture("own"), keyFile: fixture("own") };

const started: FakeNomad[] = [];

/** A server that takes only clients with a certificate of the same authority, as Nomad does with `verify_https_client`. */
async function secure(name: string): Promise<FakeNomad> {
  const [pem, ca] = await Promise.all([readFile(fixture(name)), readFile(fixture("ca"))]);
  const tls = { cert: pem, key: pem, ca, requestCert: true, rejectUnauthorized: true };
  const nomad = await new FakeNomad({ tls }).start();
  nomad.answer = () => ({ body: "leader" });
  started.push(nomad);
  return nomad;
}

async function openerAt(server: FakeNomad): Promise<NomadExecOpener> {
  const transport = await server.transport({ tls: ours });
  return new NomadExecOpener({
    transport,
    client: new NomadClient(transport),
    limiters: new ConnectionLimiters({ server: server.endpoint, connections: 0 }),
    logger: new QuietLogger(),
  });
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((nomad) => nomad.stop()));
});

describe("TLS to Nomad", () => {
  it("shows our certificate and checks Nomad's", async () => {
    const nomad = await secure("server");
    expect(await new NomadClient(await nomad.transport({ tls: ours })).leader()).toBe("leader");
    const { caFile } = ours;
    for (const tls of [{ caFile }, {}]) {
      const client = new NomadClient(await nomad.transport({ tls }));
      await expect(client.leader()).rejects.toMatchObject({ code: "unreachable" });
    }
  });

  it("refuses a server whose certificate names another", async () => {
    for (const name of ["other", "node"]) {
      const client = new NomadClient(await (await secure(name)).transport({ tls: ours }));
      await expect(client.leader()).rejects.toMatchObject({
        code: "unreachable",
        message: expect.stringContaining("ERR_TLS_CERT_ALTNAME_INVALID"),
      });
    }
  });

  it("carries the event stream", async () => {
    const nomad = await secure("server");
    nomad.answer = (_request, response) => void response.end("{}\n");
    const transport = await nomad.transport({ tls: ours });
    for await (const frame of openEventStream(transport, { index: 0, logger: new QuietLogger() }))
      expect(frame).toEqual({});
  });

  it.each([
    ["node", "node"],
    ["other", "server"],
  ])("opens an exec session at a node with the certificate %s over the %s", async (certificate, way) => {
    const server = await secure("server");
    const node = await secure(certificate);
    server.answer = () => ({
      body: { ID: "n", HTTPAddr: `127.0.0.1:${node.endpoint.port}`, TLSEnabled: true },
    });
    let opened = "";
    for (const [name, nomad] of Object.entries({ server, node })) {
      nomad.onSession = (socket, request) => {
        expect((request.socket as TLSSocket).authorized).toBe(true);
        opened = name;
        socket.send('{"exited":true,"result":{}}');
      };
    }
    const opener = await openerAt(server);
    const handlers = new ExecRecorder();
    await opener.open({ allocationId: "a", nodeId: "n" }, { command: ["true"], tty: false, handlers });
    expect(await handlers.ended.promise).toEqual({ kind: "exited", exitCode: 0 });
    expect(opened).toBe(way);
  });

  it("goes on with the TLS session of the exec session before, at each peer", async () => {
    const [server, node] = [await secure("server"), await secure("node")];
    server.answer = () => ({
      body: { ID: "n", HTTPAddr: `127.0.0.1:${node.endpoint.port}`, TLSEnabled: true },
    });
    const reused: boolean[] = [];
    node.onSession = (socket, request) => {
      const connection = request.socket as TLSSocket;
      reused.push(connection.isSessionReused());
      expect(connection.authorized).toBe(true);
      socket.send('{"exited":true,"result":{}}');
    };
    const opener = await openerAt(server);
    for (let count = 0; count < 3; count++) {
      const handlers = new ExecRecorder();
      await opener.open({ allocationId: "a", nodeId: "n" }, { command: ["true"], tty: false, handlers });
      await handlers.ended.promise;
    }
    expect(reused).toEqual([false, true, true]);
  });

  it("reads certificates again at a reload, and keeps the old ones when they cannot be read", async () => {
    const nomad = await secure("server");
    const folder = await mkdtemp(join(tmpdir(), "poseidon-tls-"));
    try {
      const own = join(folder, "own.pem");
      const { caFile } = ours;
      const transport = new NomadTransport({
        address: "127.0.0.1",
        port: nomad.endpoint.port,
        namespace: "default",
        connections: 0,
        tls: { caFile, certFile: own, keyFile: own },
      });
      await expect(transport.start()).rejects.toMatchObject({ code: "ENOENT" });
      await copyFile(fixture("own"), own);
      await transport.start();
      const client = new NomadClient(transport);
      expect(await client.leader()).toBe("leader");
      await rm(own);
      await expect(transport.reload()).rejects.toMatchObject({ code: "ENOENT" });
      expect(await client.leader()).toBe("leader");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
