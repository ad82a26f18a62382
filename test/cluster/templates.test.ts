import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { serverOn } from "../containers/suite.js";
import type { Nomad } from "../support/nomad.js";
import type { TestServer } from "../support/server.js";
import { until } from "../support/until.js";
import { ownNamespace } from "./nomad-place.js";

const image = process.env.POSEIDON_TEST_IMAGE ?? "poseidon-test:1";
const LONG = { within: 60_000 };

/** A template job in HCL whose runners may only be on nodes whose attribute has this value. */
const constrained = (kernel: string) => `
job "any" {
  datacenters = ["dc1"]
  type        = "batch"
  group "default-group" {
    constraint {
      attribute = "\${attr.kernel.name}"
      value     = "${kernel}"
    }
    task "default-task" {
      driver = "docker"
      config {
        image = "replaced"
        init  = true
        ulimit {
          msgqueue = "4321:8765"
        }
      }
    }
  }
}
`;

describe("template jobs on a real Nomad", () => {
  let nomad: Nomad;
  let folder = "";
  const servers: TestServer[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "templates-test-"));
  });
  beforeEach(async () => {
    nomad = await ownNamespace("templates");
  });
  // What a failed test left must not be found by the next.
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop()));
    await nomad.removeNamespace();
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  const start = async (variables: Record<string, string>, template?: string): Promise<TestServer> => {
    const file = join(folder, "template.hcl");
    if (template !== undefined) await writeFile(file, template);
    const server = await serverOn(nomad, {
      ...variables,
      ...(template === undefined ? {} : { POSEIDON_SERVER_TEMPLATEJOBFILE: file }),
    });
    servers.push(server);
    return server;
  };

  test("HCL: what it sets is in the runners, a constraint that is met places them", async () => {
    const { client } = await start({}, constrained("linux"));
    expect((await client.put(7_300, { image })).status).toBe(201);
    const runner = await client.claim(7_300);
    const { stdout } = await client.run(runner, {
      // Not the open files': runc up to 1.1.12 races with Go over those of an exec (opencontainers/runc#4195).
      command: "ulimit -q; cat /proc/1/comm",
      privilegedExecution: true,
    });
    expect(stdout).toBe("4321\r\ndocker-init\r\n");
    await client.call("DELETE", "/execution-environments/7300");
  });

  test("a constraint that no node meets is 500 with its words, and leaves nothing", async () => {
    const { client } = await start({}, constrained("plan9"));
    const answer = await client.put(7_301, { image });
    expect(answer.status).toBe(500);
    expect(answer.json().message).toMatch(/kernel\.name.*plan9/);
    expect(await nomad.jobIds()).toEqual([]);
    expect((await client.call("GET", "/execution-environments/7301")).status).toBe(404);
  });

  test("images are pulled again for a filling, not for a replacement", async () => {
    const server = await start({ POSEIDON_NOMAD_DISABLEFORCEPULL: "false" });
    // There is no registry: what has to be pulled fails, and what need not runs.
    await server.client.put(7_302, { image });
    const [first = ""] = await nomad.jobIds("7302-");
    await until(
      "a pull that failed",
      async () => {
        const events = (await nomad.allocation(first)).TaskStates?.["default-task"]?.Events ?? [];
        return events.some(({ DisplayMessage }) => /Failed to pull/.test(DisplayMessage ?? ""));
      },
      LONG,
    );
    expect(await forcePull("template-7302")).toBe(true);
    expect(await forcePull(first)).toBe(true);
    await nomad.purge(first);
    await server.settled(7_302, { idle: 1 }, LONG);
    const [second = ""] = await nomad.jobIds("7302-");
    expect(second).not.toBe(first);
    expect(await forcePull(second)).toBe(false);
    // A claim's mark keeps it, or the container would be replaced.
    const claimed = await server.claimed(7_302, 99);
    await until("the mark", async () => (await nomad.meta(claimed))?.["timeout"] === "99");
    expect(await forcePull(claimed)).toBe(false);
    await server.client.call("DELETE", "/execution-environments/7302");
  });

  const forcePull = async (id: string): Promise<unknown> => {
    const tasks = ((await nomad.job(id))?.TaskGroups ?? []).flatMap(({ Tasks }) => Tasks ?? []);
    return tasks.find(({ Name }) => Name === "default-task")?.Config?.["force_pull"];
  };
});
