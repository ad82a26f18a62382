import { describe, expect, test } from "vitest";
import { type ApiUnderTest, received, startApi } from "./api-under-test.js";
import type { FakeExecution, FakeRunner } from "./fake-services.js";

/** Prepares an execution and gives its URL. */
async function prepared(api: ApiUnderTest, runner: FakeRunner): Promise<string> {
  const answer = await api.call("POST", `/runners/${runner.id}/execute`, { json: { command: "true" } });
  return (answer.json() as { websocketUrl: string }).websocketUrl;
}

/** Opens an execution; gives the client and the execution's other end. */
async function opened(api: ApiUnderTest) {
  const runner = api.runners.add();
  const started = new Promise<FakeExecution>((resolve) => {
    runner.onOpen = resolve;
  });
  const client = api.open(await prepared(api, runner));
  const execution = await started;
  await client.received(1);
  return { runner, client, execution };
}

describe("preparing", () => {
  test("gives the URL of the host that was asked", async () => {
    const api = await startApi();
    const runner = api.runners.add();
    const answer = await api.call("POST", `/runners/${runner.id}/execute`, {
      json: {
        command: 'echo "$A"\n',
        privilegedExecution: true,
        timeLimit: 5,
        environment: { A: "ü ' $\n", B: null, __proto__x: "" },
      },
      headers: { host: "example.org:8080" },
    });
    expect(answer.status).toBe(200);
    const [[id, request] = []] = [...runner.prepared];
    expect(answer.json()).toEqual({
      websocketUrl: `ws://example.org:8080/api/v1/runners/${runner.id}/websocket?executionID=${id}`,
    });
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(request).toEqual({
      command: 'echo "$A"\n',
      privileged: true,
      timeLimit: 5,
      environment: { A: "ü ' $\n", __proto__x: "" },
    });
  });

  test("all fields have defaults; an environment may have a variable named __proto__", async () => {
    const api = await startApi();
    const runner = api.runners.add();
    const path = `/runners/${runner.id}/execute`;
    expect((await api.call("POST", path, { body: "{}" })).status).toBe(200);
    expect((await api.call("POST", path, { body: '{"environment":{"__proto__":"x"}}' })).status).toBe(200);
    const requests = [...runner.prepared.values()];
    expect(requests[0]).toEqual({ command: "", privileged: false, timeLimit: 0, environment: {} });
    expect(Object.entries(requests[1]?.environment ?? {})).toEqual([["__proto__", "x"]]);
  });

  test.each([
    [{ command: "echo 'a'" }, "use of forbidden character"],
    [{ command: "a\0" }, "command: must not contain NUL"],
    [{ command: 1 }, "command: expected a string"],
    [{ command: ["a"] }, "command: expected a string"],
    [{ timeLimit: -1 }, "timeLimit: expected an integer from 0 to 9007199254740991"],
    [{ timeLimit: "1" }, "timeLimit: expected an integer from 0 to 9007199254740991"],
    [{ privilegedExecution: "true" }, "privilegedExecution: expected true or false"],
    [{ environment: [] }, "environment: expected an object with strings as values"],
    [{ environment: "A=b" }, "environment: expected an object with strings as values"],
    [{ environment: { A: 1 } }, "environment.A: expected a string"],
    [{ environment: { A: "\0" } }, "environment.A: must not contain NUL"],
    [{ environment: { "A B": "" } }, "environment: expected names to match ^[a-zA-Z_][a-zA-Z0-9_]*$"],
    [{ environment: { "": "" } }, "environment: expected names to match ^[a-zA-Z_][a-zA-Z0-9_]*$"],
    [{ environment: { "1A": "" } }, "environment: expected names to match ^[a-zA-Z_][a-zA-Z0-9_]*$"],
    [{ environment: { "A\n": "" } }, "environment: expected names to match ^[a-zA-Z_][a-zA-Z0-9_]*$"],
  ])("%j is 400 and prepares nothing", async (json, message) => {
    const api = await startApi();
    const runner = api.runners.add();
    const answer = await api.call("POST", `/runners/${runner.id}/execute`, { json });
    expect([answer.status, answer.json()]).toEqual([400, { message }]);
    expect(runner.prepared.size).toBe(0);
  });

  test("a command of nearly 1 MiB arrives, a larger one is 400; one variable of 128 KiB is 400", async () => {
    const api = await startApi({ bodyLimit: 16 * 1024 * 1024 });
    const runner = api.runners.add();
    const prepare = async (json: unknown) =>
      (await api.call("POST", `/runners/${runner.id}/execute`, { json })).status;
    const command = "é".repeat(512 * 1024 - 50);
    expect(await prepare({ command })).toBe(200);
    expect([...runner.prepared.values()][0]?.command).toBe(command);
    expect(await prepare({ command: `${command}${"x".repeat(101)}` })).toBe(400);
    expect(await prepare({ command: "x".repeat(12 * 1024 * 1024) })).toBe(400);
    expect(await prepare({ environment: { A: "x".repeat(128 * 1024) } })).toBe(400);
  });

  test("behind a trusted proxy its headers decide, otherwise they do not count", async () => {
    const headers = {
      host: "inner",
      "x-forwarded-proto": "https, http",
      "x-forwarded-host": "outer.example, inner",
    };
    for (const [trustProxy, start] of [
      [true, "wss://outer.example/api/"],
      [false, "ws://inner/api/"],
    ] as const) {
      const api = await startApi({ trustProxy });
      const runner = api.runners.add();
      const answer = await api.call("POST", `/runners/${runner.id}/execute`, { json: {}, headers });
      expect((answer.json() as { websocketUrl: string }).websocketUrl.startsWith(start)).toBe(true);
    }
  });
});

describe("handshake", () => {
  const HANDSHAKE =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

  /** Sends a request for a WebSocket by hand and gives the first bytes of the answer. */
  async function ask(api: ApiUnderTest, url: string, head: string): Promise<string> {
    const socket = await api.connect();
    const answer = new Promise<string>((resolve) => socket.once("data", (data) => resolve(String(data))));
    const { pathname, search } = new URL(url);
    socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: a.example:80\r\n${head}\r\n`);
    return answer;
  }

  test("is 101 without subprotocol and extensions, with a request id", async () => {
    const api = await startApi();
    const runner = api.runners.add();
    const answer = await ask(
      api,
      await prepared(api, runner),
      `${HANDSHAKE}Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Extensions: permessage-deflate\r\nX-Request-Id: abc\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 101 Switching Protocols\r\n/);
    expect(answer).toContain("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
    expect(answer).toContain("X-Request-Id: abc\r\n");
    expect(answer).not.toMatch(/Protocol:|Extensions:/);
    expect(runner.prepared.size).toBe(0);
  });

  test("an execution is opened once; unknown ids are 404, unknown runners 410, and no token is 401", async () => {
    const api = await startApi({ token: "t" });
    const runner = api.runners.add();
    const id = runner.prepare({ command: "", environment: {}, privileged: false, timeLimit: 0 });
    const url = `${api.origin}/api/v1/runners/${runner.id}/websocket?executionID=${id}`;
    expect(await ask(api, url, HANDSHAKE)).toMatch(/^HTTP\/1.1 401 [\s\S]*content-length: 0\r\n/i);
    const head = `${HANDSHAKE}Poseidon-Token: t\r\n`;
    const gone = await ask(api, `${api.origin}/api/v1/runners/x/websocket?executionID=${id}`, head);
    expect(gone).toMatch(/^HTTP\/1.1 410 [\s\S]*\r\n\r\n{"message":"no runner found with this id"}$/);
    expect(await ask(api, url.replace(id, "unknown"), head)).toMatch(
      /^HTTP\/1.1 404 [\s\S]*\r\n\r\n{"message":"execution id unknown"}$/,
    );
    expect(await ask(api, `${url}&executionID=other`, head)).toMatch(/^HTTP\/1.1 101 /);
    expect(await ask(api, url, head)).toMatch(/^HTTP\/1.1 404 /);
  });

  test.each([
    ["", 400],
    [HANDSHAKE.replace("13", "12"), 400],
    [HANDSHAKE.replace("==", "="), 400],
    [HANDSHAKE.replace(/Sec-WebSocket-Key.*\r\n/, ""), 400],
    [HANDSHAKE.replace("websocket", "h2c"), 400],
    [`${HANDSHAKE}Origin: http://b.example\r\n`, 403],
    [`${HANDSHAKE}Origin: http://a.example:81\r\n`, 403],
    [`${HANDSHAKE}Origin: null\r\n`, 403],
    [`${HANDSHAKE}Origin: http://a.example\r\n`, 101],
    [`${HANDSHAKE}Origin: HTTP://A.example:80\r\n`, 101],
    [HANDSHAKE.replace("websocket", "WebSocket"), 101],
  ])("%j is %d; what is refused leaves the execution on the list", async (head, status) => {
    const api = await startApi();
    const runner = api.runners.add();
    const answer = await ask(api, await prepared(api, runner), head);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    if (status !== 101) expect(answer).toMatch(/\r\n\r\n{"message":"[^"]+"}$/);
    expect(runner.prepared.size).toBe(status === 101 ? 0 : 1);
  });

  test("without handshake the order is the same", async () => {
    const api = await startApi();
    const runner = api.runners.add();
    expect((await api.call("GET", "/runners/x/websocket")).status).toBe(410);
    expect((await api.call("GET", `/runners/${runner.id}/websocket`)).status).toBe(404);
    expect((await api.call("GET", `/runners/${runner.id}/websocket/`)).status).toBe(404);
  });

  test("other routes ignore an Upgrade header, with a body too", async () => {
    const api = await startApi();
    const offer =
      "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAA\r\n";
    const body = '{"executionEnvironmentId":10}';
    const text = await api.raw(
      `POST /api/v1/runners HTTP/1.1\r\nHost: a\r\n${offer}Content-Length: ${body.length}\r\n\r\n${body.slice(0, 9)}`,
      body.slice(9),
      `GET /api/v1/version HTTP/1.1\r\nHost: a\r\n${HANDSHAKE}\r\n`,
      "GET /api/v1/version HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    );
    expect(text.match(/HTTP\/1.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 200", "HTTP/1.1 200"]);
  });
});

describe("messages", () => {
  test("start comes first, exit last, then close 1000 without reason", async () => {
    const api = await startApi();
    const { client, execution } = await opened(api);
    expect(client.messages).toEqual([{ type: "start" }]);
    execution.listener.onOutput("stdout", Buffer.from("a\r\n"));
    await client.received(2);
    execution.listener.onOutput("stderr", Buffer.from("b"));
    execution.listener.onEnd({ type: "exit", exitCode: 7 });
    expect(await client.closed).toEqual({ code: 1000, reason: "" });
    expect(client.messages).toEqual([
      { type: "start" },
      { type: "stdout", data: "a\r\n" },
      { type: "stderr", data: "b" },
      { type: "exit", data: 7 },
    ]);
    expect(execution.events).toEqual([]);
    await expect.poll(() => api.served.at(-1)).toMatchObject({ route: "/websocket", status: 101 });
    expect(api.server.openExecutions).toBe(0);
  });

  test.each([
    [{ type: "timeout" }, { type: "timeout" }],
    [
      { type: "error", message: "the allocation was OOM Killed" },
      { type: "error", data: "the allocation was OOM Killed" },
    ],
    [
      { type: "exit", exitCode: 0 },
      { type: "exit", data: 0 },
    ],
  ] as const)("%j, also when it comes before open returns", async (outcome, message) => {
    const api = await startApi();
    const runner = api.runners.add();
    runner.onOpen = (execution) => execution.listener.onEnd(outcome);
    const client = api.open(await prepared(api, runner));
    expect((await client.closed).code).toBe(1000);
    expect(client.messages).toEqual([{ type: "start" }, message]);
  });

  test("what comes together is one message; characters cut over chunks arrive whole, on each stream", async () => {
    const api = await startApi();
    const { client, execution } = await opened(api);
    const smile = Buffer.from("\u{1f600}");
    execution.listener.onOutput("stdout", Buffer.concat([Buffer.from("x"), smile.subarray(0, 2)]));
    execution.listener.onOutput("stderr", smile.subarray(0, 3));
    execution.listener.onOutput("stdout", smile.subarray(2));
    execution.listener.onOutput("stdout", Buffer.from([0xff, 0x41]));
    execution.listener.onOutput("stderr", smile.subarray(3));
    execution.listener.onOutput("stdout", smile.subarray(0, 1));
    execution.listener.onEnd({ type: "exit", exitCode: 0 });
    await client.closed;
    expect(client.messages.slice(1)).toEqual([
      { type: "stdout", data: "x\u{1f600}\ufffdA" },
      { type: "stderr", data: "\u{1f600}" },
      { type: "stdout", data: "\ufffd" },
      { type: "exit", data: 0 },
    ]);
  });

  test("an execution that cannot be opened is an error, not silence", async () => {
    const api = await startApi();
    const runner = api.runners.add();
    runner.onOpen = () => {
      throw new Error("unforeseen");
    };
    const client = api.open(await prepared(api, runner));
    expect((await client.closed).code).toBe(1000);
    expect(client.messages).toEqual([
      { type: "start" },
      { type: "error", data: "Error executing the request" },
    ]);
    expect(api.lines.filter(({ level }) => level === "error")).toHaveLength(1);
  });

  test("a peer that does not answer the close is cut off", async () => {
    const api = await startApi();
    const runner = api.runners.add();
    runner.onOpen = (execution) => execution.listener.onEnd({ type: "exit", exitCode: 0 });
    const socket = await api.connect();
    const { pathname, search } = new URL(await prepared(api, runner));
    socket.write(
      `GET ${pathname}${search} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    );
    expect(await received(socket)).toContain('{"type":"exit","data":0}');
  });

  test("nothing comes after the last message", async () => {
    const api = await startApi();
    const { client, execution } = await opened(api);
    execution.listener.onEnd({ type: "timeout" });
    execution.listener.onOutput("stdout", Buffer.from("late"));
    execution.listener.onEnd({ type: "exit", exitCode: 0 });
    await client.closed;
    expect(client.messages).toEqual([{ type: "start" }, { type: "timeout" }]);
  });
});

describe("input", () => {
  test("text and binary messages arrive as bytes, from the first one on", async () => {
    const api = await startApi();
    const { client, execution } = await opened(api);
    const written = execution.next("write");
    client.ws.send("ü\n");
    await written;
    const more = execution.next("write");
    client.ws.send(Buffer.from([0, 0xff, 3]));
    await more;
    expect(execution.input).toEqual([Buffer.from("ü\n"), Buffer.from([0, 0xff, 3])]);
  });

  test("while the execution has no room the client's connection is not read", async () => {
    const api = await startApi();
    const { client, execution } = await opened(api);
    execution.room = false;
    const chunk = Buffer.alloc(256 * 1024);
    for (let at = 0; at < 64; at++) client.ws.send(chunk);
    await execution.next("write");
    await api.call("GET", "/version");
    const taken = execution.input.length;
    await api.call("GET", "/version");
    expect(execution.input).toHaveLength(taken);
    expect(taken).toBeLessThan(8);
    execution.room = true;
    execution.listener.onDrain();
    await expect.poll(() => execution.input.length).toBe(64);
  });

  test("a message of over 1 MiB closes with 1009 and ends the command", async () => {
    const api = await startApi();
    const { client, execution } = await opened(api);
    const detached = execution.next("detach");
    client.ws.send(Buffer.alloc(1024 * 1024 + 1));
    expect((await client.closed).code).toBe(1009);
    await detached;
    expect(execution.events).toEqual(["detach"]);
  });

  test("one of exactly 1 MiB is input", async () => {
    const api = await startApi();
    const { client, execution } = await opened(api);
    const written = execution.next("write");
    client.ws.send(Buffer.alloc(1024 * 1024));
    await written;
    expect(execution.input[0]).toHaveLength(1024 * 1024);
  });
});

describe("a client that goes", () => {
  test.each(["close", "terminate"] as const)("by %s detaches the execution", async (how) => {
    const api = await startApi();
    const { client, execution } = await opened(api);
    const detached = execution.next("detach");
    client.ws[how]();
    await detached;
    await client.closed;
    execution.listener.onOutput("stdout", Buffer.from("late"));
    execution.listener.onEnd({ type: "exit", exitCode: 0 });
    expect(execution.events).toEqual(["detach"]);
    await expect.poll(() => api.server.requestsUnderWay).toBe(0);
  });

  test("a close frame without the end of the connection is enough", async () => {
    const api = await startApi();
    const runner = api.runners.add();
    const started = new Promise<FakeExecution>((resolve) => {
      runner.onOpen = resolve;
    });
    const socket = await api.connect();
    const { pathname, search } = new URL(await prepared(api, runner));
    socket.write(
      `GET ${pathname}${search} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    );
    const execution = await started;
    const detached = execution.next("detach");
    socket.write(Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]));
    await detached;
  });
});

describe("back-pressure", () => {
  test("a client that does not read pauses the execution at about 1 MiB; reading on resumes it, and nothing is lost", async () => {
    const api = await startApi();
    const { client, execution } = await opened(api);
    client.ws.pause();
    const chunk = Buffer.alloc(16 * 1024, 0x61);
    let sent = 0;
    while (!execution.events.includes("pause")) {
      execution.listener.onOutput("stdout", chunk);
      sent += chunk.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    // The kernel's buffers on both sides come on top of the 1 MiB.
    expect(sent).toBeLessThan(16 * 1024 * 1024);
    const resumed = execution.next("resume");
    client.ws.resume();
    await resumed;
    execution.listener.onEnd({ type: "exit", exitCode: 0 });
    expect((await client.closed).code).toBe(1000);
    const lengths = client.messages.map(
      (message) => String((message as { data?: unknown }).data ?? "").length,
    );
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(sent + 1);
    expect(execution.events).toEqual(["pause", "resume"]);
  });

  test("a slow client gets all of a backlog before the close", async () => {
    const api = await startApi();
    const { client, execution } = await opened(api);
    client.ws.pause();
    const chunk = Buffer.alloc(8 * 1024 * 1024, 0x61);
    execution.listener.onOutput("stdout", chunk);
    execution.listener.onEnd({ type: "exit", exitCode: 3 });
    await api.call("GET", "/version");
    client.ws.resume();
    expect((await client.closed).code).toBe(1000);
    expect(client.messages.at(-1)).toEqual({ type: "exit", data: 3 });
    const [, ...output] = client.messages.slice(0, -1) as { data: string }[];
    expect(output.reduce((sum, { data }) => sum + data.length, 0)).toBe(chunk.length);
  });
});

test("bytes behind the handshake in one packet are input", async () => {
  const api = await startApi();
  const runner = api.runners.add();
  const written = new Promise<Buffer>((resolve) => {
    runner.onOpen = (execution) => {
      execution.next("write").then(() => resolve(execution.input[0] as Buffer));
    };
  });
  const socket = await api.connect();
  received(socket);
  const { pathname, search } = new URL(await prepared(api, runner));
  socket.write(
    Buffer.concat([
      Buffer.from(
        `GET ${pathname}${search} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
      ),
      Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]),
    ]),
  );
  expect(String(await written)).toBe("hi");
});
