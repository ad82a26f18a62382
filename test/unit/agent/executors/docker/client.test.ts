import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DockerClient } from "../../../../../src/agent/executors/docker/client.js";
import { DockerEvents } from "../../../../../src/agent/executors/docker/events.js";
import { Images } from "../../../../../src/agent/executors/docker/images.js";
import { removeContainer } from "../../../../../src/agent/executors/docker/remove-container.js";
import { silentLogger } from "../../../../../src/telemetry/silent-logger.js";

let folder: string;
let server: Server;
let client: DockerClient;
/** What the Docker of the test answers to a request, by method and path. */
let answers: Record<string, { status?: number; text: string }[]>;
let asked: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "docker-test-"));
  answers = {};
  asked = [];
  server = createServer((request, response) => {
    const key = `${request.method} ${request.url}`;
    asked.push(key);
    const [next = { status: 404, text: '{"message":"no such thing"}' }] = answers[key] ?? [];
    if ((answers[key]?.length ?? 0) > 1) answers[key]?.shift();
    response.writeHead(next.status ?? 200).end(next.text);
  });
  server.listen(join(folder, "socket"));
  await once(server, "listening");
  client = new DockerClient(join(folder, "socket"));
});

afterEach(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
});

describe("DockerClient", () => {
  it("gives the JSON of an answer, and Docker's own words for an error", async () => {
    answers["GET /info"] = [{ text: '{"a":1}' }];
    answers["GET /odd"] = [{ status: 500, text: "not JSON" }];
    expect(await client.call({ method: "GET", path: "/info" })).toEqual({ a: 1 });
    await expect(client.call({ method: "GET", path: "/none" })).rejects.toMatchObject({
      status: 404,
      message: "no such thing",
    });
    await expect(client.call({ method: "GET", path: "/odd" })).rejects.toMatchObject({ message: "not JSON" });
    await expect(client.hijack({ method: "POST", path: "/none" })).rejects.toMatchObject({ status: 404 });
  });
});

describe("Images", () => {
  const pull = (image: string, tag = "") =>
    `POST /images/create?fromImage=${encodeURIComponent(image)}${tag}`;

  it("pulls what is missing, once for all who want it, and says why it cannot", async () => {
    const images = new Images(client, silentLogger);
    answers[pull("a:1")] = [{ text: '{"status":"Pulling"}\r\n{"status":"Done"}\r\n' }];
    await Promise.all([images.ensure("a:1", { force: false }), images.ensure("a:1", { force: false })]);
    expect(asked.filter((key) => key.startsWith("POST"))).toEqual([pull("a:1")]);
    answers[pull("b:1")] = [{ text: '{"status":"Pulling"}\r\n{"error":"denied"}\r\n' }];
    await expect(images.ensure("b:1", { force: false })).rejects.toThrow("Failed to pull `b:1`: denied");
  });

  it("takes what is there unless it is forced; `latest` is asked for again, but need not be in a registry", async () => {
    const images = new Images(client, silentLogger);
    answers["GET /images/a:1/json"] = [{ text: "{}" }];
    answers["GET /images/own/json"] = [{ text: "{}" }];
    await images.ensure("a:1", { force: false });
    expect(asked).toEqual(["GET /images/a:1/json"]);
    await expect(images.ensure("a:1", { force: true })).rejects.toThrow("Failed to pull");
    await images.ensure("own", { force: false });
    expect(asked.at(-1)).toBe(pull("own", "&tag=latest"));
    await expect(images.ensure("own", { force: true })).rejects.toThrow("Failed to pull");
  });
});

describe("removeContainer", () => {
  it("tries again until Docker has it no more", async () => {
    const key = "DELETE /containers/c?force=true&v=true";
    answers[key] = [
      { status: 409, text: '{"message":"removal is in progress"}' },
      { status: 500, text: "" },
      { status: 404, text: "" },
    ];
    await removeContainer(client, "c");
    expect(asked).toEqual([key, key, key]);
  });
});

describe("DockerEvents", () => {
  it("tells ends, and that it has connected again", async () => {
    const event = (Action: string, Attributes: object) =>
      `${JSON.stringify({ Action, Actor: { ID: "c", Attributes } })}\n`;
    const filters = { type: ["container"], event: ["die", "exec_die"], label: ["l=1"] };
    answers[`GET /events?${new URLSearchParams({ filters: JSON.stringify(filters) })}`] = [
      { text: event("exec_die", { execID: "e", exitCode: "3" }) },
      { text: `${event("die", { exitCode: "137" })}{"odd":1}\n` },
    ];
    const told: string[] = [];
    const events = new DockerEvents({ client, label: "l=1", logger: silentLogger });
    await new Promise<void>((resolve) => {
      events.start({
        onOpen: () => told.push("open"),
        onExecEnd: (...end) => told.push(end.join(" ")),
        onContainerEnd: (...end) => {
          told.push(end.join(" "));
          resolve();
        },
      });
    });
    await events.stop();
    expect(told).toEqual(["open", "c e 3", "open", "c 137"]);
  });
});
