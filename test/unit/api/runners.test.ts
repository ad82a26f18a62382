import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { quotedFilename } from "../../../src/api/routes/download.js";
import { NomadError } from "../../../src/nomad/errors.js";
import { RunnerError } from "../../../src/runner/errors.js";
import type { FileEntry } from "../../../src/runner/handle.js";
import { ShellError } from "../../../src/shell/errors.js";
import { received, startApi } from "./api-under-test.js";

const GONE = { message: "no runner found with this id" };
const UNREADABLE = { message: "file not found or insufficient permissions" };

const entry = (name: string, extra: Partial<FileEntry> = {}): FileEntry => ({
  name,
  entryType: "-",
  size: 3,
  modificationTime: 1,
  permissions: "rwxr--r--",
  owner: "root",
  group: "root",
  ...extra,
});

describe("claiming and returning", () => {
  test("a claim gives id and ports", async () => {
    const api = await startApi();
    const answer = await api.call("POST", "/runners", {
      json: { executionEnvironmentId: 10, inactivityTimeout: 60, other: 1 },
    });
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({
      runnerId: [...api.runners.used.keys()][0],
      mappedPorts: [{ exposedPort: 80, hostAddress: "10.0.0.5:23456" }],
    });
    expect(api.runners.calls).toEqual([["claim", 10, { inactivityTimeout: 60 }]]);
  });

  test("an unknown environment is 404, also a missing or a negative id; an empty pool is NOMAD_OVERLOAD", async () => {
    const api = await startApi();
    for (const json of [{}, { executionEnvironmentId: 5 }, { executionEnvironmentId: -1 }]) {
      const unknown = await api.call("POST", "/runners", { json });
      expect([unknown.status, unknown.json()]).toEqual([404, { message: "execution environment not found" }]);
    }
    const empty = await api.call("POST", "/runners", { json: { executionEnvironmentId: 11 } });
    expect([empty.status, empty.json()]).toEqual([
      500,
      { message: "no runners available for this execution environment", errorCode: "NOMAD_OVERLOAD" },
    ]);
  });

  test("a returned runner is 410 on every route", async () => {
    const api = await startApi();
    const { id } = api.runners.add();
    const returned = await api.call("DELETE", `/runners/${id}`);
    expect([returned.status, returned.text, returned.headers["content-length"]]).toEqual([
      204,
      "",
      undefined,
    ]);
    for (const [method, path] of [
      ["DELETE", ""],
      ["GET", "/files"],
      ["GET", "/files?path=%00"],
      ["PATCH", "/files"],
      ["GET", "/files/raw"],
      ["POST", "/execute"],
      ["GET", "/websocket"],
    ] as const) {
      const answer = await api.call(method, `/runners/${id}${path}`, method === "POST" ? { body: "{" } : {});
      expect([answer.status, answer.json()]).toEqual([410, GONE]);
      expect(answer.headers["content-type"]).toBe("application/json");
    }
    const long = await api.call("DELETE", `/runners/${"x".repeat(3000)}`);
    expect(long.status).toBe(410);
  });
});

describe("listing", () => {
  test.each([
    ["", "./", true, false],
    ["?path=", "./", true, false],
    ["?recursive=&privilegedExecution=", "./", true, false],
    ["?path=%2Fa%20b%2B%0a&recursive=f&privilegedExecution=1", "/a b+\n", false, true],
    ["?path=a+b&recursive=nonsense&privilegedExecution=nonsense", "a b", true, false],
    ["?path=first&path=second&recursive=0&recursive=1", "first", false, false],
    ["?__proto__=a&constructor=b&path=-", "-", true, false],
  ])("understands the query %j", async (query, path, recursive, privileged) => {
    const api = await startApi();
    const runner = api.runners.add();
    const answer = await api.call("GET", `/runners/${runner.id}/files${query}`);
    expect([answer.status, answer.text]).toEqual([200, '{"files":[]}']);
    expect(runner.calls).toEqual([["list", path, { recursive, privileged }]]);
  });

  test("gives the fields that clients know, and those alone", async () => {
    const api = await startApi();
    const runner = api.runners.add();
    const link = entry("l", { entryType: "l", linkTarget: "a" });
    runner.listing = async function* () {
      yield [];
      yield [{ ...entry("a\n\u{1f600}"), more: 1 } as FileEntry];
      yield [link, entry("b")];
    };
    const answer = await api.call("GET", `/runners/${runner.id}/files`);
    expect(answer.json()).toEqual({ files: [entry("a\n\u{1f600}"), link, entry("b")] });
    expect(answer.headers["content-type"]).toBe("application/json");
  });

  test("a failure before the first byte has its status", async () => {
    const api = await startApi();
    const runner = api.runners.add();
    const cases = [
      [new ShellError("file-not-found", "secret"), 424, UNREADABLE],
      [new RunnerError("not-supported", "x"), 424, { message: "not supported" }],
      [new RunnerError("runner-gone", "x"), 410, GONE],
      [new ShellError("unsupported", "busybox"), 500, { message: "busybox", errorCode: "UNKNOWN" }],
      [
        new ShellError("broken", "x"),
        500,
        { message: "the connection to the runner broke off", errorCode: "UNKNOWN" },
      ],
      [
        new NomadError("unreachable", "no answer"),
        500,
        { message: "no answer", errorCode: "NOMAD_UNREACHABLE" },
      ],
      [new NomadError("refused", "no path"), 500, { message: "no path", errorCode: "UNKNOWN" }],
    ] as const;
    for (const [error, status, body] of cases) {
      runner.fail = error;
      const early = await api.call("GET", `/runners/${runner.id}/files`);
      expect([early.status, early.json()]).toEqual([status, body]);
      if (error.message === "x" && status === 424) continue;
      runner.fail = undefined;
      runner.listing = async function* () {
        yield [entry("a")];
        throw error;
      };
      const late = await api.call("GET", `/runners/${runner.id}/files`);
      expect([late.status, late.json()]).toEqual([status, body]);
    }
  });

  test("a failure in the middle breaks the connection", async () => {
    const api = await startApi();
    const runner = api.runners.add();
    runner.listing = async function* () {
      for (let at = 0; at < 3000; at++) yield [entry(`file-${at}`)];
      throw new ShellError("broken", "x");
    };
    const text = await api.raw(`GET /api/v1/runners/${runner.id}/files HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1.1 200 /);
    expect(text).not.toMatch(/0\r\n\r\n$/);
  });

  test("a large one is streamed: a client that does not read stops the reading, one that goes ends it", async () => {
    const api = await startApi();
    const runner = api.runners.add();
    let given = 0;
    const over = new Promise<void>((resolve) => {
      runner.listing = async function* () {
        try {
          for (;;) {
            given++;
            yield Array.from({ length: 100 }, (_, at) => entry(`${"x".repeat(200)}${at}`));
          }
        } finally {
          resolve();
        }
      };
    });
    const socket = await api.connect();
    socket.write(`GET /api/v1/runners/${runner.id}/files HTTP/1.1\r\nHost: a\r\n\r\n`);
    await new Promise((resolve) => socket.once("readable", resolve));
    let before = -1;
    await expect
      .poll(
        () => {
          const still = before === given;
          before = given;
          return still;
        },
        { interval: 100, timeout: 8000 },
      )
      .toBe(true);
    // Some 30 KB each: what kernel and streams buffer is a few MB.
    expect(given).toBeLessThan(1000);
    socket.destroy();
    await over;
    expect(runner.signal?.aborted).toBe(true);
  });
});

describe("changing files", () => {
  const patch = (api: Awaited<ReturnType<typeof startApi>>, id: string, json: unknown) =>
    api.call("PATCH", `/runners/${id}/files`, { json });

  test("paths and contents arrive exactly", async () => {
    const api = await startApi();
    const runner = api.runners.add();
    const big = Buffer.alloc(200_000, "späte Blüte\n");
    const answer = await patch(api, runner.id, {
      delete: ["./*", ""],
      copy: [
        { path: "/a b/ü\n", content: "aGVs\r\nbG8=" },
        { path: "dir/" },
        { path: "empty", content: null },
        { path: "big", content: big.toString("base64") },
        { path: "lines", content: big.toString("base64").replace(/.{76}/g, "$&\n") },
        { content: "" },
      ],
    });
    expect([answer.status, answer.text, answer.headers["content-length"]]).toEqual([204, "", undefined]);
    expect(runner.updated?.remove).toEqual(["./*", ""]);
    expect(runner.updated?.copy.map(({ path, content }) => [path, content.toString()])).toEqual([
      ["/a b/ü\n", "hello"],
      ["dir/", ""],
      ["empty", ""],
      ["big", big.toString()],
      ["lines", big.toString()],
      ["", ""],
    ]);
  });

  test.each([
    [{ copy: [{ path: "a", content: "YQ" }] }, "copy[0].content: expected base64"],
    [{ copy: [{ path: "a" }, { path: "b", content: "YQ==YQ==" }] }, "copy[1].content: expected base64"],
    [{ copy: [{ path: "a", content: "a-_a" }] }, "copy[0].content: expected base64"],
    [{ copy: [{ path: "a", content: "YWJ j" }] }, "copy[0].content: expected base64"],
    [{ copy: [{ path: "a", content: `${"YWJj".repeat(1000)}*Jj` }] }, "copy[0].content: expected base64"],
    [{ copy: [{ path: "dir/", content: "!" }] }, "copy[0].content: expected base64"],
    [{ copy: [{ path: "a", content: 1 }] }, "copy[0].content: expected base64"],
    [{ copy: [{ path: "a\0b", content: "" }] }, "copy[0].path: must not contain NUL"],
    [{ copy: [{ path: 1 }] }, "copy[0].path: expected a string"],
    [{ copy: [1] }, "copy[0]: expected an object"],
    [{ copy: {} }, "copy: expected an array"],
    [{ delete: ["a", 1] }, "delete[1]: expected a string"],
    [{ delete: ["a\0"] }, "delete[0]: must not contain NUL"],
    [{ delete: "a" }, "delete: expected an array"],
  ])("%j is 400 and touches nothing", async (json, message) => {
    const api = await startApi();
    const runner = api.runners.add();
    const answer = await patch(api, runner.id, json);
    expect(answer.status).toBe(400);
    expect(answer.json()).toEqual({ message: expect.stringContaining(message) });
    expect(runner.calls).toEqual([]);
  });

  test("tar's words are in the 500; a node that is down has a code of its own", async () => {
    const api = await startApi();
    const runner = api.runners.add();
    runner.fail = new ShellError(
      "copy-failed",
      "file copy failed: stderr output 'tar: x: Cannot open: y' and stdout output ''",
    );
    const failed = await patch(api, runner.id, {});
    expect([failed.status, failed.json()]).toEqual([
      500,
      { message: runner.fail.message, errorCode: "UNKNOWN" },
    ]);
    runner.fail = new NomadError("refused", "No path to node");
    expect((await patch(api, runner.id, {})).json()).toMatchObject({
      errorCode: "NOMAD_INTERNAL_SERVER_ERROR",
    });
  });

  test("a runner that goes while the body arrives is 410", async () => {
    const api = await startApi();
    const runner = api.runners.add();
    const socket = await api.connect();
    const text = received(socket);
    socket.write(
      `PATCH /api/v1/runners/${runner.id}/files HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{`,
    );
    await expect.poll(() => api.server.requestsUnderWay).toBe(1);
    api.runners.used.clear();
    socket.write("}");
    expect(await text).toMatch(/^HTTP\/1.1 410 /);
    expect(runner.calls).toEqual([]);
  });
});

describe("downloading", () => {
  test("gives the bytes with length, name and type", async () => {
    const api = await startApi();
    const runner = api.runners.add();
    const answer = await api.call(
      "GET",
      `/runners/${runner.id}/files/raw?path=${encodeURIComponent('a "b"\\\nu')}`,
    );
    expect([answer.status, answer.text]).toEqual([200, "hello"]);
    expect(answer.headers).toMatchObject({
      "content-length": "5",
      "content-type": "application/octet-stream",
      "content-disposition": 'attachment; filename="a \\"b\\"\\\\%0Au"',
    });
    expect(runner.calls).toEqual([["download", 'a "b"\\\nu', { privileged: false }]]);
  });

  test.each(["ünïcödé", "\u{1f600}", "\u010a\u010d\u0122"])(
    "the name %j is sent as its UTF-8 bytes",
    async (name) => {
      const api = await startApi();
      const runner = api.runners.add();
      const text = await api.raw(
        `GET /api/v1/runners/${runner.id}/files/raw?path=${encodeURIComponent(name)} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
      );
      expect(Buffer.from(text, "latin1").toString()).toContain(
        `\r\ncontent-disposition: attachment; filename="${name}"\r\ncontent-length: 5\r\n`,
      );
      expect(text).toMatch(/\r\n\r\nhello$/);
    },
  );

  test("names never leave their quotes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (path) => {
        const quoted = quotedFilename(path);
        expect(quoted).toMatch(/^([^"\\\p{Cc}]|\\["\\]|[\u0080-\u00ff])*$/u);
      }),
    );
  });

  test("no path, an empty one and what cannot be read are 424; NUL is 400", async () => {
    const api = await startApi();
    const runner = api.runners.add();
    for (const query of ["", "?path="]) {
      const answer = await api.call("GET", `/runners/${runner.id}/files/raw${query}`);
      expect([answer.status, answer.json()]).toEqual([424, UNREADABLE]);
    }
    expect((await api.call("GET", `/runners/${runner.id}/files/raw?path=a%00`)).status).toBe(400);
    expect(runner.calls).toEqual([]);
    runner.fail = new ShellError("file-not-found", "x");
    const answer = await api.call("GET", `/runners/${runner.id}/files/raw?path=a`);
    expect([answer.status, answer.json()]).toEqual([424, UNREADABLE]);
    expect(answer.headers["content-disposition"]).toBeUndefined();
    runner.fail = new RunnerError("not-supported", "x");
    const unsupported = await api.call("GET", `/runners/${runner.id}/files/raw?path=a`);
    expect([unsupported.status, unsupported.json()]).toEqual([
      500,
      { message: "not supported", errorCode: "UNKNOWN" },
    ]);
  });

  test.each([
    ["fewer", [Buffer.from("he")]],
    ["more", [Buffer.from("hel"), Buffer.from("lo!")]],
    ["no", []],
  ])("%s bytes than announced break the connection or are no 200", async (_, chunks) => {
    const api = await startApi();
    const runner = api.runners.add();
    runner.file = () => ({ size: 5, body: Readable.from(chunks) });
    const text = await api.raw(
      `GET /api/v1/runners/${runner.id}/files/raw?path=a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    );
    const [, body = ""] = text.split("\r\n\r\n");
    if (text.startsWith("HTTP/1.1 200")) expect(body.length).toBeLessThan(5);
    else expect(text).toMatch(/^HTTP\/1.1 500 /);
  });

  test("a failure in the middle breaks the connection, and the client going ends the reading", async () => {
    const api = await startApi();
    const runner = api.runners.add();
    const broken = new Readable({ read: () => undefined });
    runner.file = () => ({ size: 10, body: broken });
    const socket = await api.connect();
    const text = received(socket);
    socket.write(`GET /api/v1/runners/${runner.id}/files/raw?path=a HTTP/1.1\r\nHost: a\r\n\r\n`);
    socket.once("data", () => broken.destroy(new Error("gone")));
    broken.push("12345");
    expect(await text).toMatch(/\r\n\r\n12345$/);

    const endless = new Readable({ read: () => undefined });
    runner.file = () => ({ size: 10, body: endless });
    const other = await api.connect();
    other.write(`GET /api/v1/runners/${runner.id}/files/raw?path=a HTTP/1.1\r\nHost: a\r\n\r\n`);
    other.once("data", () => other.destroy());
    endless.push("1");
    await new Promise((resolve) => endless.once("close", resolve));
    expect(runner.signal?.aborted).toBe(true);
  });

  test("an empty file is 200 with length 0", async () => {
    const api = await startApi();
    const runner = api.runners.add();
    runner.file = () => ({ size: 0, body: Readable.from([]) });
    const answer = await api.call("GET", `/runners/${runner.id}/files/raw?path=a&privilegedExecution=t`);
    expect([answer.status, answer.text, answer.headers["content-length"]]).toEqual([200, "", "0"]);
    expect(runner.calls).toEqual([["download", "a", { privileged: true }]]);
  });
});
