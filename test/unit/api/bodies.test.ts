import { describe, expect, test } from "vitest";
import { received, startApi } from "./api-under-test.js";

const CLAIM = '{"executionEnvironmentId":10}';

describe("bodies", () => {
  test.each([
    [undefined],
    ["text/html"],
    ["application/json; charset=latin1"],
    ["garbage garbage"],
    ["application/x-www-form-urlencoded"],
    ["multipart/form-data; boundary=x"],
    [""],
  ])("are JSON with the content type %j", async (type) => {
    const api = await startApi();
    const head = type === undefined ? "" : `Content-Type: ${type}\r\n`;
    const answer = await api.raw(
      `POST /api/v1/runners HTTP/1.1\r\nHost: a\r\n${head}Content-Length: ${CLAIM.length}\r\nConnection: close\r\n\r\n${CLAIM}`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(answer).toMatch(/\r\ncontent-type: application\/json\r\n/i);
  });

  test.each([
    ["", "is empty"],
    [" ", "not valid JSON"],
    ["{", "not valid JSON"],
    ["{}x", "not valid JSON"],
    ["{} {}", "not valid JSON"],
    ["\ufeff{}", "not valid JSON"],
    ["{'a':1}", "not valid JSON"],
    ["NaN", "not valid JSON"],
    ['{"a":"\u0001"}', "not valid JSON"],
    ["[]", "the request body: expected an object"],
    ["7", "the request body: expected an object"],
    ['"text"', "the request body: expected an object"],
    ["false", "the request body: expected an object"],
    [`${"[".repeat(2000)}${"]".repeat(2000)}`, "nests deeper"],
  ])("the body %j is 400", async (body, message) => {
    const api = await startApi();
    const runner = api.runners.add();
    for (const [method, path] of [
      ["POST", "/runners"],
      ["PUT", "/execution-environments/1"],
      ["PATCH", `/runners/${runner.id}/files`],
      ["POST", `/runners/${runner.id}/execute`],
    ] as const) {
      const answer = await api.call(method, path, { body, headers: { "content-type": "text/html" } });
      expect(answer.status).toBe(400);
      expect(answer.json()).toEqual({ message: expect.stringContaining(message) });
    }
    expect([api.runners.calls, runner.calls, api.environments.calls]).toEqual([[], [], []]);
  });

  test("no body at all is 400", async () => {
    const api = await startApi();
    const answer = await api.raw("POST /api/v1/runners HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).toContain("is empty");
  });

  test("null is as an object without fields; unknown fields and __proto__ are ignored; of a repeated field the last counts", async () => {
    const api = await startApi();
    const runner = api.runners.add();
    const patch = (body: string) => api.call("PATCH", `/runners/${runner.id}/files`, { body });
    expect((await patch("null")).status).toBe(204);
    expect((await patch('{"__proto__":{"copy":1},"constructor":{"prototype":1},"x":[1]}')).status).toBe(204);
    expect((await patch('{"copy":1,"copy":[]}')).status).toBe(204);
    expect((await patch(' \n{"copy":null,"delete":null}\t')).status).toBe(204);
  });

  test("numbers", async () => {
    const api = await startApi();
    const claim = (value: string) =>
      api.call("POST", "/runners", { body: `{"executionEnvironmentId":10,"inactivityTimeout":${value}}` });
    for (const value of ["0", "1.0", "1e3", "9007199254740991", "-0", "null"]) {
      expect((await claim(value)).status).toBe(200);
    }
    for (const value of ["-1", "1.5", "1e400", "9007199254740992", '"1"', "true", "[]", "{}"]) {
      const answer = await claim(value);
      expect(answer.status).toBe(400);
      expect(answer.text).toContain("inactivityTimeout: expected an integer from 0");
    }
  });

  test("chunked bodies, and those that come in pieces", async () => {
    const api = await startApi();
    const answer = await api.raw(
      "POST /api/v1/runners HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
      `5\r\n${CLAIM.slice(0, 5)}\r\n${(CLAIM.length - 5).toString(16)};ext=1\r\n${CLAIM.slice(5)}\r\n`,
      "0\r\nTrailer: x\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
  });

  test("Expect: 100-continue is answered with 100 first; an unknown expectation is ignored", async () => {
    const api = await startApi();
    const request = (expectation: string) =>
      `POST /api/v1/runners HTTP/1.1\r\nHost: a\r\nExpect: ${expectation}\r\nContent-Length: ${CLAIM.length}\r\nConnection: close\r\n\r\n${CLAIM}`;
    expect(await api.raw(request("100-continue"))).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 /);
    expect(await api.raw(request("nonsense"))).toMatch(/^HTTP\/1.1 200 /);
  });

  test("past the limit 413, declared or not, and the connection can be used again", async () => {
    const api = await startApi({ bodyLimit: 1000 });
    const large = Buffer.alloc(100_000, 0x20);
    const declared = await api.call("POST", "/runners", { body: large });
    expect(declared.status).toBe(413);
    expect(declared.json()).toEqual({ message: "the request body is larger than 1000 bytes" });
    const socket = await api.connect();
    socket.write("POST /api/v1/runners HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    socket.write(Buffer.concat([Buffer.from("186a0\r\n"), large, Buffer.from("\r\n0\r\n\r\n")]));
    socket.write("GET /api/v1/version HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const text = await received(socket);
    expect(text).toMatch(/^HTTP\/1.1 413 [\s\S]*HTTP\/1.1 200 /);
    const exact = `${CLAIM}${" ".repeat(1000 - CLAIM.length)}`;
    expect((await api.call("POST", "/runners", { body: exact })).status).toBe(200);
    expect((await api.call("POST", "/runners", { body: `${exact} ` })).status).toBe(413);
  });

  test("a body with more values than memory should hold is 413", async () => {
    const api = await startApi({ bodyLimit: 8_000_000 });
    const body = `[${"{},".repeat(1_000_001)}0]`;
    expect((await api.call("POST", "/runners", { body })).status).toBe(413);
  });

  test("on 410 the body is read to its end before the answer", async () => {
    const api = await startApi();
    const socket = await api.connect();
    const answered: string[] = [];
    socket.on("data", (chunk) => answered.push(String(chunk)));
    const body = "x".repeat(50_000);
    socket.write(
      `PATCH /api/v1/runners/x/files HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    socket.write(body.slice(1));
    // Another request, answered meanwhile, shows that the server had the time to answer.
    expect((await api.call("DELETE", "/runners/x")).status).toBe(410);
    expect(answered).toEqual([]);
    const answer = new Promise((resolve) => socket.once("data", resolve));
    socket.write("x");
    await answer;
    expect(answered.join("")).toMatch(/^HTTP\/1.1 410 /);
    expect(answered.join("")).toContain('{"message":"no runner found with this id"}');
  });

  test("a body that is cut off does no harm", async () => {
    const api = await startApi();
    const socket = await api.connect();
    socket.write("POST /api/v1/runners HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{");
    await api.call("GET", "/version");
    expect(api.server.requestsUnderWay).toBe(1);
    socket.destroy();
    await new Promise((resolve) => socket.once("close", resolve));
    await expect.poll(() => api.server.requestsUnderWay).toBe(0);
    expect(api.runners.calls).toEqual([]);
  });

  test("GET and DELETE with a body are served, and the connection goes on", async () => {
    const api = await startApi();
    const text = await api.raw(
      "GET /api/v1/version HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
      "DELETE /api/v1/execution-environments/1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
      "GET /api/v1/health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    );
    expect(text.match(/HTTP\/1.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 404", "HTTP/1.1 204"]);
  });
});

describe("what is not HTTP", () => {
  test.each([
    ["GARBAGE\r\n\r\n", 400],
    ["GET /api/v1/health HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400],
    [
      "POST /api/v1/runners HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
      400,
    ],
    ["POST /api/v1/runners HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400],
    ["POST /api/v1/runners HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400],
    ["GET /api/v1/health HTTP/1.1\r\n\r\n", 400],
    ["GET /api/v1/health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400],
    ["GET /api/v1/health HTTP/1.1\r\nHost: a b\r\n\r\n", 400],
    [`GET /api/v1/health HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(100_000)}\r\n\r\n`, 431],
  ])("%j is refused", async (request, status) => {
    const api = await startApi();
    const socket = await api.connect();
    const answer = new Promise<string>((resolve) => socket.once("data", (data) => resolve(String(data))));
    socket.write(request);
    const text = await answer;
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(text).toMatch(/\r\nx-request-id: [\w-]+\r\n/i);
    expect(text).toMatch(/\r\n\r\n{"message":"[^"]+"}$/);
    expect((await api.call("GET", "/health")).status).toBe(204);
  });
});
