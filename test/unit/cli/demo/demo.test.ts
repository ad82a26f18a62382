import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import type { DemoCommand } from "../../../../src/cli/command.js";
import { runDemo } from "../../../../src/cli/demo/demo.js";
import { eventually, fakeContext } from "../context.js";
import { fakeServer } from "./fake-server.js";

const command: DemoCommand = {
  kind: "demo",
  file: undefined,
  executor: "null",
  dockerHost: undefined,
  image: "image:1",
  once: true,
  install: true,
};
let folder = "";
let agentFile = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "poseidon-demo-"));
  agentFile = join(folder, "agent.json");
});
afterEach(() => rm(folder, { recursive: true }));

const send = (socket: WebSocket, message: object) => socket.send(JSON.stringify(message));

/** A program that waits for a line, prints on both streams and ends with 7. */
const greeter = (socket: WebSocket, typed: string[]) => {
  send(socket, { type: "stdout", data: "Name? " });
  socket.on("message", () => {
    if (typed.length > 1) return;
    send(socket, { type: "stdout", data: `Hello ${typed[0]?.trim()}\r\n` });
    send(socket, { type: "stderr", data: "complaint\r\n" });
    send(socket, { type: "exit", data: 7 });
    socket.close(1000);
  });
};
const silent = () => undefined;

function start(
  run: Parameters<typeof fakeServer>[0],
  options: Partial<DemoCommand> & { mode?: string; missing?: string } = {},
) {
  const { mode = "", missing, ...overrides } = options;
  const server = fakeServer(run, missing);
  const fake = fakeContext({
    parts: {
      createApp: async (config) => ({
        ...(await server.createApp(config)),
        reload: async () => undefined,
        tellState: () => undefined,
      }),
    },
    environment: { PATH: process.env.PATH ?? "", FIXTURE_FILE: agentFile, FIXTURE_MODE: mode },
    mainPath: fileURLToPath(new URL("../fixtures/agent-process.mjs", import.meta.url)),
  });
  return { ...fake, server, ended: runDemo({ ...command, ...overrides }, fake.context) };
}

describe("demo --once", () => {
  it("goes the whole way and ends with the program's exit code", async () => {
    const { ended, input, texts, server } = start(greeter);
    input.end();
    expect(await ended).toBe(7);
    expect(server.requests).toEqual([
      "GET /execution-environments",
      "GET /execution-environments",
      "GET /execution-environments",
      "PUT /execution-environments/10",
      "GET /statistics/execution-environments",
      "POST /runners",
      "PATCH /runners/10-r/files",
      "POST /runners/10-r/execute",
      "POST /runners/10-r/execute",
      "GET /runners/10-r/files?path=./&recursive=true",
      "GET /runners/10-r/files/raw?path=.%2Fout.txt",
    ]);
    expect(server.copied.map(({ path }) => path)).toEqual(["hello.sh"]);
    expect(server.typed[0]).toBe("Ada\n");
    const { output } = texts;
    expect(output).toContain("Name? ");
    expect(output).toContain('the demo types "Ada"');
    expect(output).toContain("Hello Ada\nstderr: complaint\n");
    expect(output).toContain("It ended with code 7.");
    expect(output).toContain("./out.txt, 6 bytes\n    | bytes\n");
    expect(output.match(/ \d+(\.\d)? ms\n/g)?.length).toBeGreaterThanOrEqual(9);
    expect(output).not.toContain("curl");
  });

  it("types what is piped in", async () => {
    const { ended, input, texts, server } = start(greeter);
    input.end("Bob\n");
    expect(await ended).toBe(7);
    expect(server.typed[0]).toBe("Bob\n");
    expect(texts.output).not.toContain("nobody typed");
  });

  it("gives both processes tokens, and leaves neither behind", async () => {
    const { ended, input, server } = start((socket, typed) => {
      agent = JSON.parse(readFileSync(agentFile, "utf8"));
      greeter(socket, typed);
    });
    let agent: { args: string[]; token: string; pid: number } | undefined;
    input.end();
    await ended;
    expect(agent?.args).toEqual(["agent", "--port", "0", "--exit-with-stdin", "--executor", "null"]);
    expect(agent?.token).toMatch(/^[0-9a-f]{48}$/);
    const config = server.configs[0];
    expect(config?.nomad).toMatchObject({ address: "127.0.0.1", port: 4711, token: agent?.token });
    expect(config?.server).toMatchObject({ address: "127.0.0.1", port: 0 });
    expect(config?.server.token).toMatch(/^[0-9a-f]{32}$/);
    expect(server.stopped).toBe(true);
    expect(existsSync(agentFile)).toBe(false);
  });

  it("says which tool is missing", async () => {
    const { ended, texts, server } = start(silent, { missing: "bash" });
    expect(await ended).toBe(1);
    expect(texts.output).toContain("the runner has no bash, which hello.sh needs: install it");
    expect(server.stopped).toBe(true);
    expect(existsSync(agentFile)).toBe(false);
  });

  it("ends with 1 when the program has no exit code", async () => {
    const { ended, texts } = start((socket) => {
      send(socket, { type: "error", data: "the allocation was OOM Killed" });
      socket.close(1000);
    });
    expect(await ended).toBe(1);
    expect(texts.output).toContain("the allocation was OOM Killed");
  });

  it("ends with 1 when the WebSocket breaks", async () => {
    const { ended, texts } = start((socket) => socket.terminate());
    expect(await ended).toBe(1);
    expect(texts.output).toContain("closed without an end");
  });

  it("names a FILE that cannot be run before anything starts", async () => {
    const { ended, texts, server } = start(silent, { file: "/nowhere/x.sh" });
    expect(await ended).toBe(1);
    expect(texts.output).toContain("there is no file /nowhere/x.sh");
    expect(server.configs).toEqual([]);
  });

  it("says when the agent does not come up", async () => {
    const { ended, texts } = start(silent, { mode: "broken" });
    expect(await ended).toBe(1);
    expect(texts.output).toContain("the agent did not start");
  });
});

describe("an interrupted demo", () => {
  it("leaves nothing while the program runs", async () => {
    const { ended, stop, texts, server } = start(silent);
    await eventually(() => server.requests.filter((route) => route.endsWith("/execute")).length === 2);
    stop.abort("SIGINT");
    expect(await ended).toBe(130);
    expect(texts.output).toContain("interrupted");
    expect(server.stopped).toBe(true);
    expect(existsSync(agentFile)).toBe(false);
  });

  it("leaves nothing while the agent starts", async () => {
    const { ended, stop } = start(silent, { mode: "silent" });
    await eventually(() => existsSync(agentFile));
    stop.abort("SIGTERM");
    expect(await ended).toBe(143);
    expect(existsSync(agentFile)).toBe(false);
  });
});

describe("demo", () => {
  it("stays up with curl lines that carry the token, until it is stopped", async () => {
    const { ended, input, stop, texts, server } = start(greeter, { once: false });
    input.end();
    await eventually(() => texts.output.includes("Give the runner back") && texts.output.endsWith("/10-r\n"));
    const token = server.configs[0]?.server.token;
    const lines = texts.output.split("\n").filter((line) => line.startsWith("curl"));
    expect(lines.length).toBeGreaterThanOrEqual(6);
    for (const line of lines) expect(line).toContain(`-H "Poseidon-Token: ${token}"`);
    expect(server.stopped).toBe(false);
    stop.abort("SIGINT");
    expect(await ended).toBe(0);
    expect(server.stopped).toBe(true);
  });

  it("ends when its agent dies", async () => {
    const { ended, input, texts } = start(greeter, { once: false });
    input.end();
    await eventually(() => texts.output.includes("Give the runner back"));
    process.kill(JSON.parse(readFileSync(agentFile, "utf8")).pid, "SIGKILL");
    expect(await ended).toBe(1);
    expect(texts.output).toContain("the agent was ended by SIGKILL");
  });
});
