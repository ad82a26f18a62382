import { METHODS } from "node:http";
import { describe, expect, test } from "vitest";
import { NomadError } from "../../../src/nomad/errors.js";
import { startApi } from "./api-under-test.js";

const PROTECTED = [
  ["GET", "/statistics/execution-environments"],
  ["GET", "/execution-environments"],
  ["GET", "/execution-environments/1"],
  ["PUT", "/execution-environments/1"],
  ["DELETE", "/execution-environments/1"],
  ["POST", "/runners"],
  ["DELETE", "/runners/x"],
  ["GET", "/runners/x/files"],
  ["PATCH", "/runners/x/files"],
  ["GET", "/runners/x/files/raw"],
  ["POST", "/runners/x/execute"],
  ["GET", "/runners/x/websocket"],
  ["GET", "//metrics"],
] as const;

const metrics = async () => ({ contentType: "text/plain; version=0.0.4", body: "a 1\n" });

describe("authentication", () => {
  test.each(PROTECTED)("%s %s needs the token", async (method, path) => {
    const api = await startApi({ token: "sécret" }, { metrics });
    const wrong = [undefined, "", "sécre", "sécret ", "SÉCRET", "x"];
    for (const token of wrong) {
      const headers = token === undefined ? {} : { "Poseidon-Token": Buffer.from(token).toString("latin1") };
      const answer = await api.call(method, path, { headers });
      // Spaces around a header's value do not belong to it.
      const expected = token === "sécret " ? expect.not.stringMatching("401") : "401";
      expect(String(answer.status)).toEqual(expected);
      if (answer.status !== 401) continue;
      expect(answer.text).toBe("");
      expect(answer.headers["content-length"]).toBe("0");
      expect(answer.headers["content-type"]).toBeUndefined();
    }
  });

  test.each(["/health", "/version", "/openapi.json", "/docs"])("%s is open", async (path) => {
    const api = await startApi({ token: "secret" });
    expect((await api.call("GET", path)).status).toBeLessThan(300);
  });

  test("unknown paths are 404 without token; a known path with another method tells its methods only with it", async () => {
    const api = await startApi({ token: "secret" });
    expect((await api.call("GET", "/unknown")).status).toBe(404);
    expect((await api.call("POST", "/execution-environments")).status).toBe(401);
    const told = await api.call("POST", "/execution-environments", {
      headers: { "poseidon-token": "secret" },
    });
    expect([told.status, told.headers.allow]).toEqual([405, "GET"]);
    const open = await api.call("POST", "/health");
    expect([open.status, open.headers.allow]).toEqual([405, "GET"]);
  });
});

describe("paths and methods", () => {
  test.each([
    "/health/",
    "//api/v1//health",
    "/HEALTH",
    "//api/v1",
    "//api/v1/",
    "//",
    "/runners/",
    "/execution-environments/",
    "/runners/x/files/",
    "/runners//files",
    "/runners/x",
    "/runners/x/y",
    "//api/v2/health",
    "//metrics",
  ])("the path %s is matched exactly", async (path) => {
    const api = await startApi();
    const answer = await api.call("GET", path);
    if (path === "/runners/x") {
      expect([answer.status, answer.headers.allow]).toEqual([405, "DELETE"]);
      return;
    }
    expect([answer.status, answer.text, answer.headers["content-length"]]).toEqual([404, "", "0"]);
    expect(answer.headers["content-type"]).toBeUndefined();
  });

  const wrong: readonly (readonly [string, string, string])[] = [
    ["POST", "/health", "GET"],
    ["HEAD", "/health", "GET"],
    ["OPTIONS", "/runners", "POST"],
    ["GET", "/runners", "POST"],
    ["POST", "/execution-environments/1", "GET, PUT, DELETE"],
    ["PATCH", "/execution-environments/%31", "GET, PUT, DELETE"],
    ["PUT", "/runners/x/files", "GET, PATCH"],
    ["POST", "/runners/x/files/raw", "GET"],
    ["GET", "/runners/x/execute", "POST"],
    ["TRACE", "/version", "GET"],
    ["PROPFIND", "/version", "GET"],
    ["QUERY", "/version", "GET"],
    ["QUERY", "/runners/x/files", "GET, PATCH"],
  ];
  // QUERY is younger than some versions of Node 20.
  test.each(wrong.filter(([method]) => METHODS.includes(method)))(
    "%s %s is 405, empty, with Allow",
    async (method, path, allow) => {
      const api = await startApi();
      const answer = await api.call(method, path);
      expect([answer.status, answer.text, answer.headers["content-length"]]).toEqual([405, "", "0"]);
      expect(answer.headers.allow).toBe(allow);
    },
  );

  test.each([
    ["a.example:443", "404 Not Found\r\n"],
    ["/api/v1/health", "405 Method Not Allowed\r\n"],
    ["/api/v1/unknown", "404 Not Found\r\n"],
  ])("CONNECT %s is answered as any other method", async (target, status) => {
    const api = await startApi();
    const text = await api.raw(`CONNECT ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status}`));
    expect(text).toMatch(/\r\ncontent-length: 0\r\n[\s\S]*\r\n\r\n$/i);
    expect(text.includes("allow: GET\r\n")).toBe(target.endsWith("health"));
  });

  test("a path that is not percent-encoded text is 400", async () => {
    const api = await startApi();
    const answer = await api.raw(
      "GET /api/v1/runners/%zz/files HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).toMatch(/\r\nx-request-id: [\w-]+\r\n/i);
    expect(answer).toContain('{"message":"the request\'s path is malformed"}');
  });

  test("the form of the request line that proxies use is understood", async () => {
    const api = await startApi();
    const answer = await api.raw(
      "GET http://a:1/api/v1/version?x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
  });
});

describe("request ids", () => {
  test("a sane id is taken over, any other replaced; every answer has one", async () => {
    const api = await startApi({ token: "t" });
    for (const [path, status] of [
      ["/health", 204],
      ["/unknown", 404],
      ["/execution-environments", 401],
    ] as const) {
      const answer = await api.call("GET", path, { headers: { "X-Request-Id": "abc-123" } });
      expect([answer.status, answer.headers["x-request-id"]]).toEqual([status, "abc-123"]);
    }
    for (const id of ["", "a b", `a${"b".repeat(200)}`, 'a"b', "a\tb"]) {
      const answer = await api.call("GET", "/health", { headers: { "X-Request-Id": id } });
      expect(answer.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});

describe("before the recovery is done", () => {
  test("some routes answer, the others are 500 NOMAD_UNREACHABLE, after authentication", async () => {
    const api = await startApi({ token: "t" }, { metrics });
    api.ready = false;
    const headers = { "poseidon-token": "t" };
    expect((await api.call("GET", "/health")).status).toBe(204);
    expect((await api.call("GET", "/version")).status).toBe(200);
    expect((await api.call("GET", "/openapi.json")).status).toBe(200);
    expect((await api.call("GET", "//metrics", { headers })).status).toBe(200);
    expect((await api.call("GET", "/unknown")).status).toBe(404);
    for (const [method, path] of PROTECTED) {
      if (path === "//metrics") continue;
      expect((await api.call(method, path)).status).toBe(401);
      const answer = await api.call(method, path, { headers });
      expect([answer.status, answer.json()]).toEqual([
        500,
        { message: "Nomad has not been reached yet", errorCode: "NOMAD_UNREACHABLE" },
      ]);
    }
  });
});

describe("miscellaneous", () => {
  test("health is 204 without length, or 503 with the ids", async () => {
    const api = await startApi();
    const healthy = await api.call("GET", "/health");
    expect([healthy.status, healthy.text, healthy.headers["content-length"]]).toEqual([204, "", undefined]);
    api.environments.depletedIds = [10, 12];
    const depleting = await api.call("GET", "/health");
    expect(depleting.status).toBe(503);
    expect(depleting.headers["content-type"]).toBe("application/json");
    expect(depleting.json()).toEqual({
      message: "the prewarming pool is depleting: environments 10, 12",
      errorCode: "PREWARMING_POOL_DEPLETING",
    });
  });

  test("version is a JSON string, or an empty 404", async () => {
    const known = await (await startApi()).call("GET", "/version");
    expect([known.status, known.text]).toEqual([200, '"1.2.3"']);
    const unknown = await (await startApi({ version: undefined })).call("GET", "/version");
    expect([unknown.status, unknown.text]).toEqual([404, ""]);
  });

  test("statistics are keyed by id", async () => {
    const api = await startApi();
    await api.environments.put(7, {
      prewarmingPoolSize: 3,
      cpuLimit: 1,
      memoryLimit: 0,
      image: "a",
      networkAccess: false,
      exposedPorts: [],
    });
    expect((await api.call("GET", "/statistics/execution-environments")).json()).toEqual({
      "7": { id: 7, prewarmingPoolSize: 3, idleRunners: 2, usedRunners: 1, startingRunners: 0 },
    });
  });

  test("metrics are text, outside the base path", async () => {
    const api = await startApi({}, { metrics });
    const answer = await api.call("GET", "//metrics");
    expect([answer.status, answer.text]).toEqual([200, "a 1\n"]);
    expect(answer.headers["content-type"]).toBe("text/plain; version=0.0.4");
  });
});

describe("request log and metrics", () => {
  test("each request is one line at debug, without its query", async () => {
    const api = await startApi();
    await api.call("GET", "/execution-environments?fetch=secret", { headers: { "user-agent": "test/1" } });
    expect(api.lines).toHaveLength(1);
    const [line] = api.lines;
    expect(line).toMatchObject({
      level: "debug",
      fields: { code: 400, method: "GET", path: "/api/v1/execution-environments", user_agent: "test/1" },
    });
    expect(String(line?.fields.duration)).toMatch(/^[\d.]+(ms|µs)$/);
  });

  test("the own health check's line is at trace, without the token", async () => {
    const api = await startApi();
    await api.call("GET", "/health", { headers: { "user-agent": "Poseidon/1.0 (filter-me) check" } });
    await api.call("GET", "/health", { headers: { "user-agent": "Poseidon/1.0 (other) check" } });
    expect(api.lines.map(({ level }) => level)).toEqual(["trace", "debug"]);
    expect(JSON.stringify(api.lines)).not.toContain("filter-me");
  });

  test("metrics hear of each known route by its name", async () => {
    const api = await startApi();
    const runner = api.runners.add();
    await api.call("POST", "/runners", { json: { executionEnvironmentId: 11 } });
    await api.call("PATCH", `/runners/${runner.id}/files`, { json: {} });
    await api.call("GET", "/execution-environments/10");
    await api.call("GET", "/unknown");
    expect(api.served).toMatchObject([
      { route: "provideRunner", status: 500 },
      { route: "/files", status: 204, runnerId: runner.id, requestSize: 2 },
      { route: "get", status: 404, environmentId: "10" },
    ]);
  });
});

describe("rate limit", () => {
  test("past it 429, but never for claimed runners", async () => {
    const api = await startApi({ rateLimit: 2 });
    const runner = api.runners.add();
    const statuses: number[] = [];
    for (let at = 0; at < 4; at++) statuses.push((await api.call("GET", "/version")).status);
    expect(statuses.slice(0, 2)).toEqual([200, 200]);
    expect(statuses).toContain(429);
    expect((await api.call("GET", `/runners/${runner.id}/files`)).status).toBe(200);
  });
});

test("Nomad refusing a deletion has a code of its own", async () => {
  const api = await startApi();
  const runner = api.runners.add();
  api.runners.fail = new NomadError("refused", "Permission denied", { status: 403 });
  const answer = await api.call("DELETE", `/runners/${runner.id}`);
  expect(answer.json()).toEqual({ message: "Permission denied", errorCode: "NOMAD_INTERNAL_SERVER_ERROR" });
});
