import { createHash, randomBytes } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import { deferred } from "../../../src/lib/deferred.js";
import { NomadClient } from "../../../src/nomad/client.js";
import { ConnectionLimiters } from "../../../src/nomad/connection-limiters.js";
import type { ExecSession } from "../../../src/nomad/exec.js";
import { NomadExecOpener } from "../../../src/nomad/exec-opener.js";
import { ExecRecorder } from "./exec-recorder.js";
import { FakeNomad } from "./fake-nomad.js";
import { QuietLogger } from "./quiet-logger.js";

const target = { allocationId: "11111111-2222-3333-4444-555555555555", nodeId: "node-1" };
const stdout = (data: string | Buffer) =>
  JSON.stringify({ stdout: { data: Buffer.from(data).toString("base64") } });
const stderr = (data: string) => JSON.stringify({ stderr: { data: Buffer.from(data).toString("base64") } });
const exited = (code: number) =>
  JSON.stringify({ exited: true, result: code === 0 ? {} : { exit_code: code } });

let nomad: FakeNomad;
let opener: NomadExecOpener;
let recorder: ExecRecorder;

beforeEach(async () => {
  nomad = await new FakeNomad().start();
  const transport = await nomad.transport();
  const client = new NomadClient(transport);
  const limiters = new ConnectionLimiters({ server: nomad.endpoint, connections: 0 });
  opener = new NomadExecOpener({ transport, client, limiters, logger: new QuietLogger() });
  recorder = new ExecRecorder();
});

afterEach(async () => {
  opener.stop();
  await nomad.stop();
});

const open = (options: { tty?: boolean } = {}): Promise<ExecSession> =>
  opener.open(target, { command: ["cat"], tty: options.tty ?? false, handlers: recorder });

describe("an exec session", () => {
  it("hands over both streams and the exit code, after which the connection just ends", async () => {
    nomad.onSession = (socket) => {
      socket.send(stdout("out\n"));
      socket.send("{}");
      socket.send(stderr("err\n"));
      socket.send('{"stdout":{"close":true}}');
      socket.send('{"stderr":{"close":true}}');
      socket.send(exited(42), () => socket.terminate());
    };
    await open();
    expect(await recorder.ended.promise).toEqual({ kind: "exited", exitCode: 42 });
    expect(recorder.stdout.toString()).toBe("out\n");
    expect(recorder.stderr.toString()).toBe("err\n");
  });

  it("takes an empty result for exit code 0", async () => {
    nomad.onSession = (socket) => socket.send(exited(0), () => socket.terminate());
    await open();
    expect(await recorder.ended.promise).toEqual({ kind: "exited", exitCode: 0 });
  });

  it("says nothing before its opener has the session, even when output comes with the handshake", async () => {
    let session: ExecSession | undefined;
    nomad.onSession = (socket) => {
      socket.send(stdout("early"));
      socket.send(exited(0));
    };
    let had = false;
    recorder.whenStdout = () => {
      had = session !== undefined;
    };
    session = await open();
    await recorder.ended.promise;
    expect(had).toBe(true);
  });

  it("is broken, never an exit code, when the connection ends before the process", async () => {
    nomad.onSession = (socket) => socket.send(stdout("half"), () => socket.terminate());
    await open();
    const end = await recorder.ended.promise;
    expect(end.kind).toBe("broken");
    expect(recorder.stdout.toString()).toBe("half");
  });

  it("is broken with Nomad's words when Nomad closes with a reason", async () => {
    nomad.onSession = (socket) => socket.close(1008, `Unknown allocation "${target.allocationId}"`);
    await open();
    expect(await recorder.ended.promise).toEqual({
      kind: "broken",
      reason: `Unknown allocation "${target.allocationId}"`,
    });
  });

  it("is broken by a message that cannot be read, and tells nothing of it", async () => {
    nomad.onSession = (socket) => socket.send('{"stdout":{"data":"secret*"}}');
    await open();
    const end = await recorder.ended.promise;
    expect(end).toMatchObject({ kind: "broken" });
    expect(JSON.stringify(end)).not.toContain("secret");
  });

  it("is broken by a message longer than any of Nomad's", async () => {
    nomad.onSession = (socket) => socket.send(stdout(Buffer.alloc(2 * 1024 * 1024)));
    await open();
    expect(await recorder.ended.promise).toMatchObject({ kind: "broken" });
    expect(recorder.stdout).toHaveLength(0);
  });

  it("passes input whole and in order, then its end", async () => {
    const sent = randomBytes(3_000_000);
    const got: Buffer[] = [];
    nomad.onSession = (socket) =>
      socket.on("message", (text: Buffer) => {
        const frame = JSON.parse(text.toString()) as { stdin?: { data?: string; close?: boolean } };
        if (frame.stdin?.data) got.push(Buffer.from(frame.stdin.data, "base64"));
        if (frame.stdin?.close) socket.send(exited(0));
      });
    const session = await open();
    for (let at = 0; at < sent.length; at += 100_000) {
      if (!session.write(sent.subarray(at, at + 100_000))) {
        const before = recorder.drains;
        await recorder.until(() => recorder.drains > before);
      }
    }
    session.endInput();
    await recorder.ended.promise;
    expect(Buffer.concat(got).equals(sent)).toBe(true);
    expect(Math.max(...got.map(({ length }) => length))).toBeLessThanOrEqual(32 * 1024);
  });

  it("tells its writer to stop when Nomad does not read, and to go on when it does", async () => {
    let peer: WebSocket | undefined;
    nomad.onSession = (socket) => {
      peer = socket;
      socket.pause();
    };
    const session = await open();
    const chunk = Buffer.alloc(64 * 1024);
    let written = 0;
    while (session.write(chunk)) {
      written += chunk.length;
      // The kernel's buffers of both ends take some MB first.
      expect(written).toBeLessThan(64 * 1024 * 1024);
      await turn();
    }
    expect(recorder.drains).toBe(0);
    peer?.resume();
    await recorder.until(() => recorder.drains === 1);
    expect(session.write(Buffer.from("x"))).toBe(true);
  });

  it("hands nothing over while paused, and then everything", async () => {
    const total = 20_000;
    let peer: WebSocket | undefined;
    nomad.onSession = (socket) => {
      peer = socket;
      socket.send(stdout("first"));
    };
    const session = await open();
    await recorder.until(() => recorder.stdout.length > 0);
    session.pause();
    const piece = Buffer.alloc(1_000, "x");
    for (let n = 0; n < total; n += 1) peer?.send(stdout(piece));
    peer?.send(exited(3), () => peer?.terminate());
    for (let n = 0; n < 50; n += 1) await turn();
    expect(recorder.stdout.toString()).toBe("first");
    // All that has not been read stays with the sender: this is what bounds our memory.
    expect(peer?.bufferedAmount).toBeGreaterThan(1_000_000);
    session.resume();
    expect(await recorder.ended.promise).toEqual({ kind: "exited", exitCode: 3 });
    expect(recorder.stdout.length).toBe("first".length + total * piece.length);
  });

  it("loses nothing to a handler that pauses after each piece", async () => {
    nomad.onSession = (socket) => {
      for (let n = 0; n < 500; n += 1) socket.send(stdout(`${n}\n`));
      socket.send(exited(0), () => socket.terminate());
    };
    const held: { session?: ExecSession } = {};
    recorder.whenStdout = () => {
      held.session?.pause();
      setImmediate(() => held.session?.resume());
    };
    held.session = await open();
    await recorder.ended.promise;
    const expected = Array.from({ length: 500 }, (_, n) => `${n}\n`).join("");
    expect(recorder.stdout.toString()).toBe(expected);
  });

  it("reports our own close once, as closed, and drops what still comes", async () => {
    const gone = deferred();
    nomad.onSession = (socket) => {
      socket.send(stdout("one"));
      socket.on("close", () => gone.resolve());
      socket.on("message", () => {
        socket.send(stdout("two"));
        socket.send(exited(0));
      });
    };
    const session = await open();
    await recorder.until(() => recorder.stdout.length > 0);
    session.write(Buffer.from("x"));
    session.close();
    session.close();
    session.write(Buffer.from("after"));
    expect(await recorder.ended.promise).toEqual({ kind: "closed" });
    await gone.promise;
    await turn();
    expect(recorder.stdout.toString()).toBe("one");
    expect(recorder.ends).toBe(1);
  });

  it("may be closed by its own handler", async () => {
    nomad.onSession = (socket) => socket.send(stdout("one"), () => socket.send(stdout("two")));
    const held: { session?: ExecSession } = {};
    recorder.whenStdout = () => held.session?.close();
    held.session = await open();
    expect(await recorder.ended.promise).toEqual({ kind: "closed" });
    expect(recorder.stdout.toString()).toBe("one");
  });

  it("cuts the connection when the other side does not answer a close", async () => {
    const cut = deferred();
    nomad.onUpgrade = (request, socket) => {
      // A peer that shakes hands and then answers nothing: what it reads goes nowhere.
      const key = request.headers["sec-websocket-key"];
      const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
      socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n" +
          `sec-websocket-accept: ${accept}\r\n\r\n`,
      );
      socket.on("end", () => cut.resolve()).resume();
      return true;
    };
    const session = await open();
    session.close();
    expect(await recorder.ended.promise).toEqual({ kind: "closed" });
    // Without the cut the connection would stay for ever, and this test with it.
    await cut.promise;
  });
});
