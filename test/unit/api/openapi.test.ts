import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, test } from "vitest";
import { startApi } from "./api-under-test.js";

interface Document {
  readonly openapi: string;
  readonly paths: Record<
    string,
    Record<string, { responses: Record<string, unknown>; "x-websocket"?: unknown }>
  >;
  readonly components: { readonly schemas: Record<string, { properties?: Record<string, unknown> }> };
}

describe("the OpenAPI document", () => {
  test("has every route that the server has", async () => {
    const api = await startApi();
    const answer = await api.call("GET", "/openapi.json");
    expect(answer.headers["content-type"]).toBe("application/json");
    const document = answer.json() as Document;
    expect(document.openapi).toBe("3.1.0");
    for (const [path, operations] of Object.entries(document.paths)) {
      const url = path.replace("{id}", "1").replace("{runnerId}", "x");
      const { headers, status } = await api.call("TRACE", url);
      expect(status).toBe(405);
      expect(String(headers.allow).toLowerCase().split(", ").sort()).toEqual(Object.keys(operations).sort());
    }
    expect(Object.keys(document.paths)).toHaveLength(11);
  });

  test("is valid OpenAPI 3.1", { timeout: 60_000 }, async () => {
    const api = await startApi();
    const validator = new Validator();
    const { valid, errors } = await validator.validate(
      JSON.parse((await api.call("GET", "/openapi.json")).text),
    );
    expect([valid, errors, validator.version]).toEqual([true, undefined, "3.1"]);
  });

  test("describes the WebSocket: its messages, its input, its close codes", async () => {
    const api = await startApi();
    const { paths } = (await api.call("GET", "/openapi.json")).json() as Document;
    const operation = paths["/runners/{runnerId}/websocket"]?.["get"];
    expect(Object.keys(operation?.responses ?? {})).toEqual([
      "101",
      "400",
      "401",
      "403",
      "404",
      "410",
      "429",
      "500",
    ]);
    expect(operation?.["x-websocket"]).toMatchObject({
      serverMessage: { $ref: "#/components/schemas/ServerMessage" },
      serverMessages: expect.stringContaining("`Error executing the request`"),
      closeCodes: { 1000: expect.any(String), 1001: expect.any(String), 1009: expect.any(String) },
    });
  });

  test("refers to nothing that is not in it, and describes the bodies", async () => {
    const api = await startApi();
    const { text } = await api.call("GET", "/openapi.json");
    const document = JSON.parse(text) as Document;
    const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, target]) => target);
    expect(references.length).toBeGreaterThan(5);
    for (const target of references) {
      expect(Object.keys(document.components.schemas)).toContain(
        target?.replace("#/components/schemas/", ""),
      );
    }
    for (const operation of Object.values(document.paths).flatMap((path) => Object.values(path))) {
      const statuses = "requestBody" in operation ? ["408", "413", "429"] : ["429"];
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(statuses));
    }
    const { schemas } = document.components;
    expect(Object.keys(schemas.ExecutionRequest?.properties ?? {})).toEqual([
      "command",
      "privilegedExecution",
      "timeLimit",
      "environment",
    ]);
    expect(schemas.ExecutionRequest?.properties?.command).toMatchObject({ pattern: "^[^']*$" });
    expect(schemas.ExecutionEnvironmentRequest?.properties).toMatchObject({
      image: { type: "string", pattern: "\\S" },
      exposedPorts: { uniqueItems: true },
    });
    expect(Object.keys(schemas)).toContain("ServerMessage");
    expect(text).not.toContain("$defs");
  });

  test("has a page that loads nothing", async () => {
    const api = await startApi();
    const page = await api.call("GET", "/docs");
    expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(page.text).toContain("/runners/{runnerId}/execute");
    expect(page.text).toContain("the allocation was OOM Killed");
    expect(page.text).not.toMatch(/<script|<link|src=|https?:\/\//);
  });
});
