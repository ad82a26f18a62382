import { describe, expect, test } from "vitest";
import type { ApiClient } from "./client.js";

/** Facts of every route, on a server as it is (rest-api.md, "For every route", "Miscellaneous"). */
export function generalSuite(client: () => ApiClient): void {
  describe("general", () => {
    test("health is 204 and version is JSON or an empty 404, both without token", async () => {
      const health = await client().call("GET", "/health", { headers: { "Poseidon-Token": "wrong" } });
      expect([health.status, health.text, health.headers["content-length"]]).toEqual([204, "", undefined]);
      const version = await client().call("GET", "/version", { headers: { "Poseidon-Token": "wrong" } });
      if (version.status === 200) expect(typeof version.json()).toBe("string");
      else expect([version.status, version.text]).toEqual([404, ""]);
    });

    test("a wrong token is an empty 401", async () => {
      if (client().target.token === "") return;
      for (const token of ["", "wrong"]) {
        const answer = await client().call("GET", "/execution-environments", {
          headers: { "Poseidon-Token": token },
        });
        expect([answer.status, answer.text, answer.headers["content-length"]]).toEqual([401, "", "0"]);
      }
      const unknown = await client().call("GET", "/unknown", { headers: { "Poseidon-Token": "wrong" } });
      expect(unknown.status).toBe(404);
    });

    test("unknown paths are an empty 404, other methods an empty 405 with Allow", async () => {
      for (const path of ["/unknown", "/health/", "/Health", "/runners/", "/execution-environments/abc"]) {
        const answer = await client().call("GET", path);
        expect([path, answer.status, answer.text, answer.headers["content-length"]]).toEqual([
          path,
          404,
          "",
          "0",
        ]);
      }
      const wrong = await client().call("POST", "/execution-environments");
      expect([wrong.status, wrong.text, wrong.headers.allow]).toEqual([405, "", "GET"]);
    });

    test("every answer has a request id, a sane one is taken over", async () => {
      const own = await client().call("GET", "/unknown");
      expect(own.headers["x-request-id"]).toMatch(/^\S+$/);
      const given = await client().call("GET", "/health", { headers: { "X-Request-Id": "suite-1" } });
      expect(given.headers["x-request-id"]).toBe("suite-1");
    });

    test("a runner that never was is 410 on every route, whatever its body", async () => {
      for (const [method, path] of [
        ["DELETE", ""],
        ["GET", "/files"],
        ["PATCH", "/files"],
        ["GET", "/files/raw"],
        ["POST", "/execute"],
        ["GET", "/websocket"],
      ] as const) {
        const body = method === "GET" ? {} : { body: "{" };
        const answer = await client().call(
          method,
          `/runners/1-00000000-0000-4000-8000-000000000000${path}`,
          body,
        );
        expect([answer.status, answer.json()]).toEqual([410, { message: "no runner found with this id" }]);
        expect(answer.headers["content-type"]).toBe("application/json");
      }
    });

    test("the OpenAPI document and its page are there", async () => {
      expect((await client().call("GET", "/openapi.json")).json().openapi).toMatch(/^3\.1/);
      expect((await client().call("GET", "/docs")).headers["content-type"]).toMatch(/^text\/html/);
    });
  });
}
