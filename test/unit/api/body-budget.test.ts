import { expect, test } from "vitest";
import { received, startApi } from "./api-under-test.js";

const MIB = 1024 * 1024;

test("past the budget a body is not read until there is room, and small ones need not wait", async () => {
  const api = await startApi({ bodyLimit: MIB, bodyBudget: MIB });
  const runner = api.runners.add();
  const body = JSON.stringify({ delete: ["x".repeat(MIB - 200)] });
  const head = `PATCH /api/v1/runners/${runner.id}/files HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
  const first = await api.connect();
  const firstAnswer = received(first);
  first.write(head + body.slice(0, 1000));
  await expect.poll(() => api.server.requestsUnderWay).toBe(1);
  await expect.poll(() => first.bytesWritten).toBe(head.length + 1000);
  await api.call("GET", "/version");
  const second = await api.connect();
  const secondAnswer = received(second);
  second.write(head + body);
  // Small bodies are served while both are there.
  expect((await api.call("POST", "/runners", { json: { executionEnvironmentId: 10 } })).status).toBe(200);
  expect(runner.calls).toEqual([]);
  expect(api.server.requestsUnderWay).toBe(2);
  first.write(body.slice(1000));
  expect(await firstAnswer).toMatch(/^HTTP\/1.1 204 /);
  expect(await secondAnswer).toMatch(/^HTTP\/1.1 204 /);
});

test("a body that waits and is given up leaves no trace", async () => {
  const api = await startApi({ bodyLimit: MIB, bodyBudget: MIB });
  const runner = api.runners.add();
  const body = JSON.stringify({ delete: ["x".repeat(MIB - 200)] });
  const head = `PATCH /api/v1/runners/${runner.id}/files HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
  const sockets = [await api.connect(), await api.connect(), await api.connect()];
  for (const socket of sockets) socket.write(head + body.slice(0, -1));
  await expect.poll(() => api.server.requestsUnderWay).toBe(3);
  for (const socket of sockets) socket.destroy();
  await expect.poll(() => api.server.requestsUnderWay).toBe(0);
  expect((await api.raw(head + body)).slice(0, 13)).toBe("HTTP/1.1 204 ");
});

test("a file of many MB arrives exactly", async () => {
  const api = await startApi({ bodyLimit: 64 * MIB, bodyBudget: 64 * MIB });
  const runner = api.runners.add();
  const bytes = Buffer.from(Uint8Array.from({ length: 20 * MIB }, (_, at) => (at * 31) ^ (at >> 7)));
  const json = { copy: [{ path: "big", content: bytes.toString("base64") }] };
  expect((await api.call("PATCH", `/runners/${runner.id}/files`, { json })).status).toBe(204);
  expect(runner.updated?.copy[0]?.content.equals(bytes)).toBe(true);
});
