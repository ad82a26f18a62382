import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import type { ApiClient } from "../suite/client.js";
import { useRunner } from "./environment.js";

/** Runs for ever, dies of SIGQUIT at every moment (bash itself ignores it but for a trap), and is found by its mark. */
const ENDLESS = 'trap "exit 3" QUIT; : endless mark; echo on; while :; do sleep 0.1; done';
/** The same, printing as fast as it can. */
const CHATTY = 'trap "exit 3" QUIT; : endless mark; while :; do echo $RANDOM; done';

/** Clients that vanish at every moment of an execution: the command ends, the runner lives on with nothing left in it. */
export function vanishingSuite(client: () => ApiClient): void {
  describe("a client that vanishes", () => {
    const place = useRunner(client, 44);
    const { sh } = place;

    /** Opens a connection to the server and sends the handshake for a prepared execution. */
    async function shakeHands(command: string, options: { readonly reads: boolean }): Promise<Socket> {
      const url = new URL(await client().prepare(place.runner, { command }));
      const socket = connect({ host: url.hostname, port: Number(url.port) });
      socket.on("error", () => undefined);
      await once(socket, "connect");
      if (!options.reads) socket.pause();
      socket.write(
        `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n` +
          `Poseidon-Token: ${client().target.token}\r\n\r\n`,
      );
      return socket;
    }

    /** The runner is there, no command of a client that went runs in it, and no pipe of an execution is left. */
    async function settled(): Promise<void> {
      const look = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -c 'endless mar[k]' || :";
      await expect.poll(() => sh(look, { as: "root" }), { timeout: 20_000, interval: 200 }).toBe("0\n");
      const pipes = async () => (await sh("ls -A /tmp | grep -c '[.]fifo$' || :", { as: "root" })).trim();
      // The one pipe is that of the command that looks.
      // A shell that got its turn only after it was given up waits 30 s for its request.
      await expect
        .poll(pipes, { timeout: 45_000, interval: 200 })
        .toBe(client().target.separateStderr ? "1" : "0");
    }

    test("right behind its handshake, before start", async () => {
      for (let round = 0; round < 5; round += 1) {
        const socket = await shakeHands(ENDLESS, { reads: false });
        socket.destroy();
      }
      await settled();
    });

    test("40 at once, most of whose commands have not begun", async () => {
      const executions = await Promise.all(
        Array.from({ length: 40 }, () => client().start(place.runner, { command: ENDLESS })),
      );
      for (const { ws } of executions) ws.terminate();
      await settled();
    });

    test("with the first byte of the answer", async () => {
      for (let round = 0; round < 3; round += 1) {
        const socket = await shakeHands(ENDLESS, { reads: true });
        await once(socket, "data");
        socket.resetAndDestroy();
      }
      await settled();
    });

    test("in the middle of its output, read or unread", async () => {
      for (const reads of [true, false]) {
        const execution = await client().start(place.runner, { command: CHATTY });
        await execution.stdout("1");
        if (!reads) {
          execution.ws.pause();
          // Back-pressure has reached the runner once another command gets its turn beside it.
          await sh("sleep 0.5");
        }
        execution.ws.terminate();
      }
      await settled();
    });

    test("with only its half of the connection closed", async () => {
      const socket = await shakeHands(ENDLESS, { reads: true });
      await once(socket, "data");
      socket.end();
      await once(socket, "close");
      await settled();
    });

    test("in the middle of a message", async () => {
      const torn = await shakeHands(ENDLESS, { reads: true });
      await once(torn, "data");
      torn.write(Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0, 0x10, 0, 1, 2, 3, 4, 5]));
      torn.destroy();
      await settled();
    });

    test("in the middle of much input that nobody reads: the command is over, or its runner", async () => {
      const runner = await client().claim(client().target.firstEnvironmentId + 44);
      const flood = await client().start(runner, { command: ENDLESS });
      await flood.stdout("on");
      for (let sent = 0; sent < 64; sent += 1) flood.send("x".repeat(64 * 1024));
      flood.ws.terminate();
      // What was sent on already stands before SIGQUIT in the terminal's queue, and may take longer than 3 s.
      const look = 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " " | grep -c "endless mar[k]"';
      const left = async () => {
        if ((await client().list(runner)).status === 410) return "0";
        const execution = await client()
          .run(runner, { command: look, privilegedExecution: true })
          .catch(() => undefined);
        return execution?.stdout.trim() ?? "gone meanwhile";
      };
      await expect.poll(left, { timeout: 30_000, interval: 200 }).toBe("0");
      await client().release(runner);
    });

    test("between execute and the WebSocket: nothing runs, and another client may open it", async () => {
      const urls = await Promise.all(
        Array.from({ length: 20 }, () => client().prepare(place.runner, { command: ENDLESS })),
      );
      const last = await client().prepare(place.runner, { command: "echo opened" });
      await settled();
      expect((await client().open(last).result).stdout).toBe("opened\r\n");
      expect(new Set(urls).size).toBe(20);
    });

    test("in the middle of a listing, a download and a copy", async () => {
      await sh(
        "rm -rf /tmp/gone; mkdir /tmp/gone; cd /tmp/gone; head -c 20000000 /dev/zero >big; for ((i = 0; i < 3000; i++)); do : >f$i; done",
      );
      const base = new URL(client().target.baseUrl);
      const files = `/api/v1/runners/${place.runner.id}/files`;
      const head = `Host: ${base.host}\r\nPoseidon-Token: ${client().target.token}\r\n`;
      const requests = [
        `GET ${files}?path=/tmp/gone HTTP/1.1\r\n${head}\r\n`,
        `GET ${files}/raw?path=/tmp/gone/big HTTP/1.1\r\n${head}\r\n`,
        `PATCH ${files} HTTP/1.1\r\n${head}Content-Length: 1000\r\n\r\n{"copy":[{"path":"/tmp/gone/never"`,
      ];
      for (const [index, text] of requests.entries()) {
        const socket = connect({ host: base.hostname, port: Number(base.port) });
        socket.on("error", () => undefined);
        socket.write(text);
        if (index < 2) await once(socket, "data");
        socket.destroy();
      }
      const look = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -c '/tmp/gon[e]' || :";
      await expect.poll(() => sh(look, { as: "root" }), { timeout: 20_000, interval: 200 }).toBe("0\n");
      expect(await place.read("/tmp/gone/never")).toBe(424);
    });
  });
}
