import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deferred } from "../../../src/lib/deferred.js";
import { NomadClient } from "../../../src/nomad/client.js";
import { ConnectionLimiters } from "../../../src/nomad/connection-limiters.js";
import { isNomadError } from "../../../src/nomad/errors.js";
import type { ExecOptions } from "../../../src/nomad/exec.js";
import { NomadExecOpener } from "../../../src/nomad/exec-opener.js";
import { ExecRecorder } from "./exec-recorder.js";
import { FakeNomad } from "./fake-nomad.js";
import { QuietLogger } from "./quiet-logger.js";

const target = { allocationId: "11111111-2222-3333-4444-555555555555", nodeId: "node-1" };
const exited = '{"exited":true,"result":{}}';

let server: FakeNomad;
let node: FakeNomad;
let logger: QuietLogger;
let limiters: ConnectionLimiters;
let opener: NomadExecOpener;
let recorder: ExecRecorder;
let nodeAddress: string;
const ways: string[] = [];

async function make(options: { connections?: number; token?: string } = {}): Promise<NomadExecOpener> {
  const transport = await server.transport(options);
  limiters = new ConnectionLimiters({ server: server.endpoint, connections: options.connections ?? 0 });
  return new NomadExecOpener({ transport, client: new NomadClient(transport), limiters, logger });
}

const open = (options: Partial<ExecOptions> = {}) =>
  opener.open(target, { command: ["true"], tty: false, handlers: recorder, ...options });

beforeEach(async () => {
  server = await new FakeNomad().start();
  node = await new FakeNomad().start();
  nodeAddress = `127.0.0.1:${node.endpoint.port}`;
  logger = new QuietLogger();
  recorder = new ExecRecorder();
  ways.length = 0;
  server.answer = ({ path }) =>
    path === "/v1/status/leader"
      ? { body: "127.0.0.1:4647" }
      : { body: { ID: "node-1", HTTPAddr: nodeAddress, TLSEnabled: false } };
  for (const [name, fake] of [
    ["server", server],
    ["node", node],
  ] as const) {
    fake.onSession = (socket) => {
      ways.push(name);
      socket.send(exited);
    };
  }
  opener = await make();
});

afterEach(async () => {
  opener.stop();
  await Promise.all([server.stop(), node.stop()]);
});

describe("the exec opener", () => {
  it("goes to the node's own address, and looks it up once", async () => {
    await open();
    await open();
    expect(ways).toEqual(["node", "node"]);
    expect(server.seen.map(({ path }) => path)).toEqual(["/v1/node/node-1"]);
  });

  it("asks for the command, the terminal and the namespace, with the token in a header", async () => {
    opener = await make({ token: "secret-token" });
    const url = deferred<URL>();
    node.onSession = (_socket, request) => {
      expect(request.headers["x-nomad-token"]).toBe("secret-token");
      url.resolve(new URL(request.url ?? "", "http://nomad"));
    };
    await open({ command: ["/bin/bash", "-c", "echo 'ä & b' +%20"], tty: true });
    const { pathname, searchParams } = await url.promise;
    expect(pathname).toBe(`/v1/client/allocation/${target.allocationId}/exec`);
    expect(JSON.parse(searchParams.get("command") ?? "")).toEqual(["/bin/bash", "-c", "echo 'ä & b' +%20"]);
    expect(searchParams.get("tty")).toBe("true");
    expect(searchParams.get("task")).toBe("default-task");
    expect(searchParams.get("namespace")).toBe("default");
    expect([...searchParams.values()].join()).not.toContain("secret-token");
  });

  it("goes over the server when the node cannot be reached, and remembers it", async () => {
    await node.stop();
    await open();
    await open();
    expect(ways).toEqual(["server", "server"]);
    expect(logger.lines.filter(({ message }) => message.includes("own address"))).toHaveLength(1);
    node = await new FakeNomad().start();
  });

  it("goes over the server when the node takes connections and says nothing", async () => {
    node.onUpgrade = () => true;
    await open();
    expect(ways).toEqual(["server"]);
  });

  it("goes over the server without node:read, and says so once", async () => {
    server.answer = () => ({ status: 403, body: "Permission denied" });
    await open();
    await opener.open(
      { ...target, nodeId: "node-2" },
      { command: ["true"], tty: false, handlers: new ExecRecorder() },
    );
    expect(ways).toEqual(["server", "server"]);
    expect(logger.lines.filter(({ level }) => level === "info")).toHaveLength(1);
  });

  it("counts a node that is the server itself with the server", async () => {
    nodeAddress = `127.0.0.1:${server.endpoint.port}`;
    server.onSession = () => undefined;
    await open();
    expect([...limiters.usage().values()]).toEqual([1]);
  });

  it("does not go to a node with another kind of connection, which would show the token", async () => {
    server.answer = () => ({ body: { ID: "node-1", HTTPAddr: nodeAddress, TLSEnabled: true } });
    await open();
    expect(ways).toEqual(["server"]);
  });

  it("tells Nomad's own words when it refuses, and does not try elsewhere", async () => {
    node.onUpgrade = (_request, socket) => {
      socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 17\r\n\r\nPermission denied");
      return true;
    };
    await expect(open()).rejects.toMatchObject({
      code: "refused",
      status: 403,
      message: "Permission denied",
    });
    expect(ways).toEqual([]);
  });

  it("knows Nomad's limit of connections by its 429", async () => {
    for (const fake of [server, node]) {
      fake.onUpgrade = (_request, socket) => {
        socket.end("HTTP/1.1 429 Too Many Requests\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        return true;
      };
    }
    await expect(open()).rejects.toMatchObject({ code: "no-room", status: 429 });
  });

  it("knows Nomad's limit of connections by a dropped one while others are served", async () => {
    for (const fake of [server, node]) {
      fake.onUpgrade = (_request, socket) => {
        socket.destroy();
        return true;
      };
    }
    await expect(open()).rejects.toMatchObject({ code: "no-room" });
    // Nothing lasting was learnt about the node: the next try begins there.
    node.onUpgrade = () => false;
    await open();
    expect(ways).toEqual(["node"]);
  });

  it("takes a dropped connection for an outage when nothing else is answered either", async () => {
    server.answer = () => "reset";
    server.onUpgrade = (_request, socket) => {
      socket.destroy();
      return true;
    };
    await expect(open()).rejects.toMatchObject({ code: "unreachable" });
  });

  it("is unreachable when nobody is there", async () => {
    await Promise.all([server.stop(), node.stop()]);
    await expect(open()).rejects.toMatchObject({ code: "unreachable" });
    [server, node] = await Promise.all([new FakeNomad().start(), new FakeNomad().start()]);
  });

  it("can be given up while it is being opened", async () => {
    const controller = new AbortController();
    node.onUpgrade = () => {
      controller.abort();
      return true;
    };
    await expect(open({ signal: controller.signal })).rejects.toMatchObject({ code: "aborted" });
    expect([...limiters.usage().values()]).toEqual([0]);
    await expect(open({ signal: controller.signal })).rejects.toMatchObject({ code: "aborted" });
  });

  it("gives its place back when the session is over, however it ended", async () => {
    opener = await make({ connections: 3 });
    // Nodes have all three places, one of which is free again after each end.
    for (let n = 0; n < 10; n += 1) {
      const handlers = new ExecRecorder();
      const session = await opener.open(target, { command: ["true"], tty: false, handlers });
      if (n % 2 === 0) session.close();
      await handlers.ended.promise;
    }
  });

  it("makes room by evicting a resident session", async () => {
    await node.stop();
    server.onSession = () => undefined;
    opener = await make({ connections: 3 });
    const handlers = new ExecRecorder();
    const held = await opener.open(target, {
      command: ["loop"],
      tty: false,
      handlers,
      resident: { unusedSince: () => 1, evict: () => held.close() },
    });
    await expect(open({ resident: { unusedSince: () => 2, evict: () => undefined } })).rejects.toSatisfy(
      (error) => isNomadError(error, "no-room"),
    );
    await open();
    expect(await handlers.ended.promise).toEqual({ kind: "closed" });
    node = await new FakeNomad().start();
  });

  it("closes its sessions when stopped, and opens none afterwards", async () => {
    node.onSession = () => undefined;
    await open();
    opener.stop();
    expect(await recorder.ended.promise).toEqual({ kind: "closed" });
    await expect(open()).rejects.toMatchObject({ code: "aborted" });
  });
});
