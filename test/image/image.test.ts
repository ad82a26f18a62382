import { statSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Agent, createAgent } from "../../src/agent/agent.js";
import { chooseExecutor } from "../../src/agent/executors/choose.js";
import { silentLogger } from "../../src/telemetry/silent-logger.js";
import { freePort } from "../support/free-port.js";
import { Container, runOnce } from "./container.js";
import { useServer } from "./use-server.js";

const TOKEN = "token of the image's test";
const AGENT_TOKEN = "token of the agent";

/** The machine's own device: a container runtime may hand it to a container as a standard stream, and then change its owner. */
const ownerOfNull = (): string => {
  const { uid, gid } = statSync("/dev/null");
  return `${uid}:${gid}`;
};

describe("the image", () => {
  const ownerBefore = ownerOfNull();
  let agent: Agent;
  let container: Container;
  let baseUrl = "";

  beforeAll(async () => {
    agent = createAgent({
      executor: await chooseExecutor({ logger: silentLogger }),
      token: AGENT_TOKEN,
      logger: silentLogger,
    });
    const nomad = await agent.start();
    const port = await freePort();
    baseUrl = `http://127.0.0.1:${port}`;
    container = await Container.start({
      POSEIDON_SERVER_ADDRESS: "127.0.0.1",
      POSEIDON_SERVER_PORT: String(port),
      POSEIDON_SERVER_TOKEN: TOKEN,
      POSEIDON_NOMAD_PORT: String(nomad.port),
      POSEIDON_NOMAD_TOKEN: AGENT_TOKEN,
    });
  });

  afterAll(async () => {
    await container?.remove();
    await agent?.stop();
  });

  test("tells its version", async () => {
    const { code, stdout } = await runOnce(["--version"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  });

  test("checks a configuration", async () => {
    expect((await runOnce(["--check-config"])).code).toBe(0);
    const wrong = await runOnce(["--check-config"], { POSEIDON_SERVER_PORT: "http" });
    expect(wrong.code).toBe(1);
    expect(wrong.stdout + wrong.stderr).toContain("server.port");
  });

  test("becomes healthy, and its health check sees a server that does not answer", async () => {
    await container.isHealthy();
    const check = JSON.parse(await container.inspect("{{json .Config.Healthcheck.Test}}")) as string[];
    const [, ...command] = check;
    expect((await container.exec(...command)).code).toBe(0);
    const elsewhere = ["env", `POSEIDON_SERVER_PORT=${await freePort()}`, ...command];
    expect((await container.exec(...elsewhere)).code).toBe(1);
  });

  test("runs as a process called poseidon, as nobody, with nothing to write to and no capability", async () => {
    const status = (await container.exec("cat", "/proc/1/status")).stdout;
    expect(status).toMatch(/^Name:\tposeidon$/m);
    expect((await container.exec("cat", "/proc/1/cmdline")).stdout).toMatch(/^poseidon\0*$/);
    expect(status).toMatch(/^Uid:\t65534\t65534\t65534\t65534$/m);
    expect(status).toMatch(/^Gid:\t65534\t65534\t65534\t65534$/m);
    expect(status).toMatch(/^CapEff:\t0+$/m);
    expect(status).toMatch(/^CapBnd:\t0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    const write = await container.exec("sh", "-c", "echo 1 > /tmp/file");
    expect(write.stderr).toContain("Read-only file system");
  });

  test("has no development dependency, and the licences of the others", async () => {
    const modules = (await container.exec("ls", "node_modules")).stdout.split("\n");
    expect(modules).toContain("fastify");
    expect(modules).not.toContain("typescript");
    expect((await container.exec("cat", "docs/licences.md")).stdout).toContain("| fastify | ");
  });

  test("claims, copies, executes and streams", async () => {
    await useServer({ baseUrl, token: TOKEN, image: "any" });
  });

  test("ends cleanly when it is asked to, without a word of its tokens in its log", async () => {
    expect(await container.stop()).toBe(0);
    const log = await container.log();
    expect(log).toMatch(/msg=stopped/);
    expect(log).not.toContain(TOKEN);
    expect(log).not.toContain(AGENT_TOKEN);
  });

  test("leaves the machine's /dev/null as it was", () => {
    expect(ownerOfNull()).toBe(ownerBefore);
  });
});
