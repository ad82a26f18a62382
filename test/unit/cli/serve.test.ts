import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ServerService } from "../../../src/cli/context.js";
import { runCommand } from "../../../src/cli/run.js";
import type { Config } from "../../../src/config/schema.js";
import { eventually, fakeContext } from "./context.js";

let folder = "";
let quiet = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "poseidon-cli-"));
  quiet = await file("logger: {level: fatal}\nserver: {port: 1234}\n");
});
afterEach(() => rm(folder, { recursive: true }));

async function file(text: string): Promise<string> {
  const path = join(folder, "configuration.yaml");
  await writeFile(path, text);
  return path;
}

function fakeApp(overrides: Partial<ServerService> = {}) {
  const calls: string[] = [];
  const configs: Config[] = [];
  const app: ServerService = {
    start: overrides.start ?? (async () => ({ address: "127.0.0.1", port: 1 })),
    stop: async () => {
      calls.push("stop");
      await overrides.stop?.();
    },
    reload: async () => void calls.push("reload"),
    tellState: () => void calls.push("state"),
  };
  const createApp = async (config: Config) => {
    configs.push(config);
    return app;
  };
  return { calls, configs, parts: { createApp } };
}

describe("serve", () => {
  it("runs the server with the configuration until it is asked to stop", async () => {
    const { calls, configs, parts } = fakeApp();
    const { context, stop } = fakeContext({ parts, environment: { POSEIDON_SERVER_TOKEN: "t" } });
    const ended = runCommand({ kind: "serve", config: quiet }, context);
    setImmediate(() => stop.abort("SIGTERM"));
    expect(await ended).toBe(0);
    expect(calls).toEqual(["stop"]);
    expect(configs[0]?.server).toMatchObject({ port: 1234, token: "t" });
  });

  it("reads certificates again at SIGHUP, and tells its state at SIGUSR2", async () => {
    const { calls, parts } = fakeApp();
    const { context, stop, signals } = fakeContext({ parts });
    const ended = runCommand({ kind: "serve", config: quiet }, context);
    await eventually(() => signals.emit("SIGHUP"));
    signals.emit("SIGUSR2");
    stop.abort("SIGTERM");
    await ended;
    expect(calls).toEqual(["reload", "state", "stop"]);
  });

  it("stops a server that is still starting", async () => {
    const { calls, parts } = fakeApp({ start: () => new Promise(() => undefined) });
    const { context, stop } = fakeContext({ parts });
    const ended = runCommand({ kind: "serve", config: quiet }, context);
    stop.abort("SIGTERM");
    expect(await ended).toBe(0);
    expect(calls).toEqual(["stop"]);
  });

  it("ends with 1 when the server cannot start, and releases what it has", async () => {
    const { calls, parts } = fakeApp({ start: () => Promise.reject(new Error("EADDRINUSE")) });
    const { context } = fakeContext({ parts });
    expect(await runCommand({ kind: "serve", config: quiet }, context)).toBe(1);
    expect(calls).toEqual(["stop"]);
  });

  it("ends with 1 when the server does not stop cleanly", async () => {
    const { parts } = fakeApp({ stop: () => Promise.reject(new Error("stuck")) });
    const { context, stop } = fakeContext({ parts });
    stop.abort("SIGTERM");
    expect(await runCommand({ kind: "serve", config: quiet }, context)).toBe(1);
  });
});

describe("--check-config", () => {
  const check = async (text: string, environment: Record<string, string> = {}) => {
    const { context, texts } = fakeContext({ environment });
    const code = await runCommand({ kind: "check-config", config: await file(text) }, context);
    return { code, ...texts };
  };

  it("is 0 for a configuration that can be used, with its warnings", async () => {
    const { code, output } = await check("server: {prot: 1}\n");
    expect(code).toBe(0);
    expect(output).toContain("unknown configuration key: server.prot");
    expect(output).toContain("the configuration can be used\n");
  });

  it("is 1 for a wrong one, with every problem and no secret", async () => {
    const { code, errors } = await check("server: {port: x, token: [hunter2]}\n", {
      POSEIDON_NOMAD_PORT: "y",
    });
    expect(code).toBe(1);
    expect(errors.trimEnd().split("\n")).toHaveLength(3);
    expect(errors).toContain("server.port");
    expect(errors).toContain("POSEIDON_NOMAD_PORT");
    expect(errors).not.toContain("hunter2");
  });

  it("is 1 when the named file is missing", async () => {
    const { context, texts } = fakeContext();
    expect(await runCommand({ kind: "check-config", config: join(folder, "no.yaml") }, context)).toBe(1);
    expect(texts.errors).toContain("no.yaml");
  });
});

describe("--help and --version", () => {
  it("print and end with 0", async () => {
    const { context, texts } = fakeContext();
    expect(await runCommand({ kind: "help" }, context)).toBe(0);
    for (const word of ["serve", "agent", "demo", "--config", "--check-config", "--version", "--once"])
      expect(texts.output).toContain(word);
  });

  it("names the package's version", async () => {
    const { context, texts } = fakeContext();
    expect(await runCommand({ kind: "version" }, context)).toBe(0);
    expect(texts.output).toMatch(/^\d+\.\d+\.\d+/);
  });
});
