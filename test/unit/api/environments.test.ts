import { describe, expect, test } from "vitest";
import { NomadError } from "../../../src/nomad/errors.js";
import { startApi } from "./api-under-test.js";

const SETTINGS = {
  prewarmingPoolSize: 3,
  cpuLimit: 20,
  memoryLimit: 100,
  image: "image:1",
  networkAccess: true,
  exposedPorts: [80, 443],
};

describe("environments", () => {
  test("are created (201 with length 0), read, listed, replaced (204 without length) and deleted", async () => {
    const api = await startApi();
    const created = await api.call("PUT", "/execution-environments/010", { json: { id: 99, ...SETTINGS } });
    expect([created.status, created.text, created.headers["content-length"]]).toEqual([201, "", "0"]);
    expect(created.headers["content-type"]).toBeUndefined();
    expect(api.environments.known.get(10)).toEqual(SETTINGS);

    const one = await api.call("GET", "/execution-environments/10");
    expect(one.json()).toEqual({ id: 10, ...SETTINGS });
    expect(one.headers["content-type"]).toBe("application/json");
    const all = await api.call("GET", "/execution-environments");
    expect(all.json()).toEqual({ executionEnvironments: [{ id: 10, ...SETTINGS }] });

    const replaced = await api.call("PUT", "/execution-environments/10", { json: SETTINGS });
    expect([replaced.status, replaced.text, replaced.headers["content-length"]]).toEqual([
      204,
      "",
      undefined,
    ]);
    expect((await api.call("DELETE", "/execution-environments/10")).status).toBe(204);
    const gone = await api.call("DELETE", "/execution-environments/10");
    expect([gone.status, gone.text, gone.headers["content-length"]]).toEqual([404, "", "0"]);
    const unknown = await api.call("GET", "/execution-environments/10");
    expect([unknown.status, unknown.text, unknown.headers["content-length"]]).toEqual([404, "", "0"]);
  });

  test("missing and null fields have their defaults; ports without network are ignored", async () => {
    const api = await startApi();
    const body = { image: "a", cpuLimit: 1, memoryLimit: null, exposedPorts: [80], networkAccess: null };
    expect((await api.call("PUT", "/execution-environments/1", { json: body })).status).toBe(201);
    const expected = {
      prewarmingPoolSize: 0,
      cpuLimit: 1,
      memoryLimit: 0,
      image: "a",
      networkAccess: false,
      exposedPorts: [],
    };
    expect(api.environments.known.get(1)).toEqual(expected);
    expect((await api.call("GET", "/execution-environments/1")).json()).toEqual({ id: 1, ...expected });
  });

  test.each([
    ["prewarmingPoolSize", -1],
    ["prewarmingPoolSize", 2 ** 31],
    ["prewarmingPoolSize", "3"],
    ["prewarmingPoolSize", true],
    ["cpuLimit", 0],
    ["cpuLimit", null],
    ["cpuLimit", 0.5],
    ["cpuLimit", 2 ** 31],
    ["memoryLimit", -1],
    ["memoryLimit", 1.5],
    ["image", ""],
    ["image", 7],
    ["image", null],
    ["networkAccess", "true"],
    ["networkAccess", 1],
    ["exposedPorts", 80],
    ["exposedPorts", [0]],
    ["exposedPorts", [65536]],
    ["exposedPorts", ["80"]],
    ["exposedPorts", [80, 80]],
    ["exposedPorts", {}],
  ])("%s %j is refused, the message names the field, nothing is touched", async (field, value) => {
    const api = await startApi();
    const answer = await api.call("PUT", "/execution-environments/1", {
      json: { ...SETTINGS, [field]: value },
    });
    expect(answer.status).toBe(400);
    expect(answer.json()).toEqual({ message: expect.stringMatching(new RegExp(`^${field}.*: expected .+`)) });
    expect(api.environments.calls).toEqual([]);
  });

  test("field names are matched with their case", async () => {
    const api = await startApi();
    const answer = await api.call("PUT", "/execution-environments/1", { json: { Image: "a", cpuLimit: 1 } });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain("image: ");
  });

  test.each(["abc", "1a", "-1", "1.0", "%20", "0x1", ""])("the id %j is an unknown path", async (id) => {
    const api = await startApi({ token: "secret" });
    const answer = await api.call("GET", `/execution-environments/${id}`);
    expect([answer.status, answer.text]).toEqual([404, ""]);
  });

  test.each(["GET", "PUT", "DELETE"])("%s of an id past 2^53-1 is 400", async (method) => {
    const api = await startApi();
    const options = method === "PUT" ? { json: SETTINGS } : {};
    const answer = await api.call(method, "/execution-environments/9007199254740992", options);
    expect(answer.status).toBe(400);
    expect(answer.json()).toEqual({ message: expect.stringContaining("id: expected") });
    expect(api.environments.calls).toEqual([]);
    const largest = await api.call("GET", "/execution-environments/9007199254740991");
    expect(largest.status).toBe(404);
  });

  test.each([
    ["", false],
    ["?fetch=", false],
    ["?fetch=1", true],
    ["?fetch=T", true],
    ["?fetch=TRUE", true],
    ["?fetch=False", false],
    ["?fetch=true&fetch=nonsense", true],
    ["?Fetch=nonsense", false],
  ])("fetch in %j is %s", async (query, fetch) => {
    const api = await startApi();
    expect((await api.call("GET", `/execution-environments${query}`)).status).toBe(200);
    expect((await api.call("GET", `/execution-environments/5${query}`)).status).toBe(404);
    expect(api.environments.calls).toEqual([
      ["list", { fetch }],
      ["get", 5, { fetch }],
    ]);
  });

  test.each(["yes", "tRUE", "2", "%20true"])("fetch=%s is 400 for list and one", async (value) => {
    const api = await startApi();
    for (const path of ["/execution-environments", "/execution-environments/5"]) {
      const answer = await api.call("GET", `${path}?fetch=${value}`);
      expect(answer.status).toBe(400);
      expect(answer.json()).toEqual({ message: expect.stringContaining("fetch: expected") });
    }
    expect(api.environments.calls).toEqual([]);
  });

  test.each([
    ["unreachable", "GET", "NOMAD_UNREACHABLE"],
    ["unreachable", "PUT", "NOMAD_UNREACHABLE"],
    ["refused", "DELETE", "NOMAD_INTERNAL_SERVER_ERROR"],
    ["refused", "PUT", "UNKNOWN"],
    ["placement", "PUT", "UNKNOWN"],
  ] as const)("Nomad's failure %s of a %s is 500 %s with its words", async (code, method, errorCode) => {
    const api = await startApi();
    api.environments.fail = new NomadError(code, "what Nomad said");
    const answer = await api.call(
      method,
      "/execution-environments/1",
      method === "PUT" ? { json: SETTINGS } : {},
    );
    expect(answer.status).toBe(500);
    expect(answer.json()).toEqual({ message: "what Nomad said", errorCode });
  });

  test("an unforeseen error shows nothing of itself and is logged", async () => {
    const api = await startApi();
    api.environments.fail = new TypeError("secret /internal/path");
    const answer = await api.call("GET", "/execution-environments");
    expect(answer.status).toBe(500);
    expect(answer.json()).toEqual({ message: "internal server error", errorCode: "UNKNOWN" });
    expect(api.lines.filter(({ level }) => level === "error")).toHaveLength(1);
  });
});
