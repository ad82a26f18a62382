import { describe, expect, test } from "vitest";
import { received, startApi } from "./api-under-test.js";
import type { FakeExecution } from "./fake-services.js";

describe("stopping", () => {
  test("health says so, answers tell the client to go, other routes still work", async () => {
    const api = await startApi();
    expect((await api.call("GET", "/health")).headers.connection).not.toBe("close");
    api.server.beginStop();
    const health = await api.call("GET", "/health");
    expect([health.status, health.json()]).toEqual([
      503,
      { message: "the server is stopping", errorCode: "UNKNOWN" },
    ]);
    const version = await api.call("GET", "/version");
    expect([version.status, version.headers.connection]).toEqual([200, "close"]);
    expect((await api.call("GET", "/unknown")).headers.connection).toBe("close");
  });

  test("waits for requests under way, then closes idle connections; nobody is let in any more", async () => {
    const api = await startApi();
    const runner = api.runners.add();
    let finish = (): void => undefined;
    const listed = new Promise<void>((resolve) => {
      finish = resolve;
    });
    runner.listing = async function* () {
      await listed;
      yield [];
    };
    const idle = await api.connect();
    idle.write("GET /api/v1/version HTTP/1.1\r\nHost: a\r\n\r\n");
    await new Promise((resolve) => idle.once("data", resolve));
    const idleClosed = received(idle);
    const request = api.call("GET", `/runners/${runner.id}/files`);
    await expect.poll(() => api.server.requestsUnderWay).toBe(1);
    const closed = api.server.close({ graceMs: 60_000 });
    await expect(api.call("GET", "/version", { headers: { connection: "close" } })).rejects.toThrow();
    finish();
    const answer = await request;
    expect([answer.status, answer.headers.connection]).toEqual([200, "close"]);
    await closed;
    await idleClosed;
    expect(api.server.requestsUnderWay).toBe(0);
    await api.server.close({ graceMs: 0 });
  });

  test("a request that has come over an idle connection is served, even if the server was busy until it was to close that", async () => {
    const api = await startApi();
    const idle = await api.connect();
    idle.write("GET /api/v1/version HTTP/1.1\r\nHost: a\r\n\r\n");
    await new Promise((resolve) => idle.once("data", resolve));
    const all = received(idle);
    const closed = api.server.close({ graceMs: 60_000 });
    // The waiting has begun.
    await new Promise(setImmediate);
    idle.write("GET /api/v1/version HTTP/1.1\r\nHost: a\r\n\r\n");
    for (const end = performance.now() + 700; performance.now() < end; );
    await closed;
    expect(await all).toMatch(/^HTTP\/1.1 200 /);
  });

  test("WebSockets past the grace are told to go with 1001, their commands ended", async () => {
    const api = await startApi();
    const runner = api.runners.add();
    const started = new Promise<FakeExecution>((resolve) => {
      runner.onOpen = resolve;
    });
    const id = runner.prepare({ command: "", environment: {}, privileged: false, timeLimit: 0 });
    const client = api.open(`${api.origin}/api/v1/runners/${runner.id}/websocket?executionID=${id}`);
    const execution = await started;
    await client.received(1);
    const closed = api.server.close({ graceMs: 10 });
    expect(await client.closed).toEqual({ code: 1001, reason: "" });
    await closed;
    expect(execution.events).toEqual(["detach"]);
    expect(api.server.openExecutions).toBe(0);
  });

  test("a WebSocket that ends within the grace gets its outcome", async () => {
    const api = await startApi();
    const runner = api.runners.add();
    const started = new Promise<FakeExecution>((resolve) => {
      runner.onOpen = resolve;
    });
    const id = runner.prepare({ command: "", environment: {}, privileged: false, timeLimit: 0 });
    const client = api.open(`${api.origin}/api/v1/runners/${runner.id}/websocket?executionID=${id}`);
    const execution = await started;
    const closed = api.server.close({ graceMs: 60_000 });
    execution.listener.onEnd({ type: "exit", exitCode: 0 });
    expect((await client.closed).code).toBe(1000);
    await closed;
    expect(execution.events).toEqual([]);
  });

  test("peers that answer nothing do not hold it up", async () => {
    const api = await startApi();
    const runner = api.runners.add();
    runner.listing = async function* () {
      await new Promise(() => undefined);
      yield [];
    };
    const id = runner.prepare({ command: "", environment: {}, privileged: false, timeLimit: 0 });
    const mute = await api.connect();
    mute.write(
      `GET /api/v1/runners/${runner.id}/websocket?executionID=${id} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    );
    const busy = await api.connect();
    busy.write(`GET /api/v1/runners/${runner.id}/files HTTP/1.1\r\nHost: a\r\n\r\n`);
    const half = await api.connect();
    half.write("POST /api/v1/runners HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{");
    const silent = await api.connect();
    const ends = [mute, busy, half, silent].map(received);
    await expect.poll(() => api.server.requestsUnderWay).toBe(3);
    await api.server.close({ graceMs: 10 });
    await Promise.all(ends);
    await expect.poll(() => api.server.requestsUnderWay).toBe(0);
  });

  test("can be stopped before it listens", async () => {
    const api = await startApi();
    await api.server.close({ graceMs: 0 });
    await api.server.close({ graceMs: 0 });
  });
});
