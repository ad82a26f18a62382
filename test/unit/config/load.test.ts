import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { loadConfig } from "../../../src/config/load.js";

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "poseidon-config-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

it("reads the named file", async () => {
  const path = join(folder, "my.yaml");
  await writeFile(path, "server:\n  port: 1234\n");
  const { config } = await loadConfig({ path, environment: {} });
  expect(config.server.port).toBe(1234);
  expect(config.server.loggingfiltertoken).toMatch(/^[0-9a-f]{32}$/);
});

it("stops when the named file is missing or no file", async () => {
  const missing = join(folder, "missing.yaml");
  await expect(loadConfig({ path: missing, environment: {} })).rejects.toMatchObject({
    name: "ConfigError",
    message: `${missing}: the configuration file cannot be read (ENOENT)`,
  });
  await expect(loadConfig({ path: folder, environment: {} })).rejects.toThrow("EISDIR");
});

it("goes on with the defaults when nothing is named and there is no default file", async () => {
  const { config, notices } = await loadConfig({ path: undefined, folder, environment: {} });
  expect(config.server.port).toBe(7200);
  expect(notices[0]?.message).toBe("no configuration file, defaults hold");
});

it("reads the default file of the working directory", async () => {
  await writeFile(join(folder, "configuration.yaml"), "server:\n  port: 4321\n");
  const { config } = await loadConfig({ path: undefined, folder, environment: {} });
  expect(config.server.port).toBe(4321);
});

it("gives every start its own filter token", async () => {
  const load = async () => (await loadConfig({ path: undefined, folder, environment: {} })).config.server;
  expect((await load()).loggingfiltertoken).not.toBe((await load()).loggingfiltertoken);
});
