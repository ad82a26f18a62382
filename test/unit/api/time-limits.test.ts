import type { Socket } from "node:net";
import { expect, test } from "vitest";
import { type ApiUnderTest, received, startApi } from "./api-under-test.js";

const MIB = 1024 * 1024;

/** Longer than a request may take to arrive. */
const SECONDS = 17;

const BODY = "POST /api/v1/runners HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n";

/** Sends a byte each second, until the connection ends. */
function dribble(socket: Socket, text: string): void {
  let at = 0;
  const timer = setInterval(() => socket.write(text[at++] ?? " "), 1000);
  socket.once("close", () => clearInterval(timer));
}

/** A connection on which nothing ends before `promise` does. */
async function outlives(api: ApiUnderTest, promise: Promise<unknown>, head: string): Promise<string> {
  const socket = await api.connect();
  const text = received(socket);
  socket.write(head);
  await promise;
  expect(socket.destroyed).toBe(false);
  socket.end("GET /api/v1/version HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  return text;
}

/** Two bodies of which the first one fills the budget until `late`, as long as it is worked on: the second is not read before. */
async function crowd(late: Promise<void>): Promise<number[]> {
  const api = await startApi({ bodyLimit: MIB, bodyBudget: MIB });
  const [holder, waiting] = [api.runners.add(), api.runners.add()];
  const worked = new Promise<void>((resolve) => {
    holder.beforeUpdate = late;
    holder.onUpdate = resolve;
  });
  const json = { delete: ["x".repeat(MIB - 200)] };
  const first = api.call("PATCH", `/runners/${holder.id}/files`, { json });
  await worked;
  const second = api.call("PATCH", `/runners/${waiting.id}/files`, { json });
  await late;
  expect(waiting.calls).toEqual([]);
  return [(await first).status, (await second).status];
}

// In one test, since all of them wait for the same time.
test("headers and bodies must arrive within 15 s; idle connections, answers and the wait for room may take longer", {
  timeout: 60_000,
}, async () => {
  const api = await startApi();
  const late = new Promise<void>((resolve) => setTimeout(resolve, SECONDS * 1000));
  const slow = api.runners.add();
  slow.listing = async function* () {
    await late;
    yield [];
  };

  const cut = [
    ["GET /api/v1/version HTTP/1.1\r\nHost: a\r\n", ""],
    ["", "GET /api/v1/version HTTP/1.1\r\nHost: a\r\n"],
    [`${BODY}{`, ""],
    [BODY, " "],
    ["POST /api/v1/runners HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{", ""],
  ].map(async ([begin = "", rest = ""]) => {
    const socket = await api.connect();
    const text = received(socket);
    socket.write(begin);
    if (rest !== "") dribble(socket, rest);
    expect(await text).toMatch(/^HTTP\/1.1 408 [\s\S]*\r\n\r\n{"message":"[^"]+"}$/);
  });
  const idle = outlives(api, late, "GET /api/v1/version HTTP/1.1\r\nHost: a\r\n\r\n");
  const answer = api.call("GET", `/runners/${slow.id}/files`);

  const crowded = crowd(late);
  await Promise.all(cut);
  expect(await idle).toMatch(/^HTTP\/1.1 200 [\s\S]*\r\nKeep-Alive: timeout=60\r\n[\s\S]*HTTP\/1.1 200 /);
  expect((await answer).status).toBe(200);
  expect(await crowded).toEqual([204, 204]);
});
