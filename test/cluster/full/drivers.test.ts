import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serverOn } from "../../containers/suite.js";
import type { TestServer } from "../../support/server.js";
import { isFullRun, OwnCluster } from "../own-cluster.js";

const run = promisify(execFile);
const RUNSC = "/usr/bin/runsc";
const hasGvisor = existsSync(RUNSC);

const EXEC = `
job "any" {
  datacenters = ["dc1"]
  type        = "batch"
  group "default-group" {
    task "default-task" {
      driver = "exec"
      config { command = "replaced" }
    }
  }
}
`;
const GVISOR = `
job "any" {
  datacenters = ["dc1"]
  type        = "batch"
  group "default-group" {
    task "default-task" {
      driver = "docker"
      config {
        image   = "replaced"
        runtime = "runsc"
      }
    }
  }
}
`;

/** Runners that are no ordinary Docker containers: Nomad's `exec` driver, and gVisor (`apt-get install runsc`). */
describe.skipIf(!isFullRun)("other drivers and runtimes", { timeout: 180_000 }, () => {
  let cluster: OwnCluster;
  let folder = "";
  const servers: TestServer[] = [];

  beforeAll(async () => {
    // On the file system of the allocations, so that the driver can link its files.
    folder = await mkdtemp("/tmp/psd-");
    await mkdir(`${folder}/root`);
    await run("tar", ["-xf", await imageTarball(), "-C", `${folder}/root`]);
    await chmod(`${folder}/root`, 0o755);
    // Without a network of its own: with Docker's it does not start here.
    const runtimes = { runsc: { path: RUNSC, runtimeArgs: ["--platform=ptrace", "--network=none"] } };
    cluster = await OwnCluster.up({
      port: 4_778,
      ...(hasGvisor ? { daemon: { runtimes } } : {}),
      // A plugin's config takes the place of the one before as a whole.
      config: (own) => `
client {
  chroot_env {
    "${folder}/root" = "/"
  }
}
plugin "docker" {
  config {
    endpoint       = "unix://${own}/run/docker.sock"
    infra_image    = "poseidon-pause:1"
    allow_runtimes = ["runc", "runsc"]
  }
}
`,
    });
  }, 300_000);

  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await cluster?.down();
    await rm(folder, { recursive: true, force: true });
  }, 300_000);

  const start = async (template: string): Promise<TestServer> => {
    const file = `${folder}/template-${servers.length}.hcl`;
    await writeFile(file, template);
    const server = await serverOn(cluster.nomad, { POSEIDON_SERVER_TEMPLATEJOBFILE: file });
    servers.push(server);
    return server;
  };

  /** What every runner must do. */
  const works = async ({ client }: TestServer, id: number): Promise<void> => {
    expect((await client.put(id, { image: cluster.image, memoryLimit: 256 })).status).toBe(201);
    const runner = await client.claim(id);
    const { stdout, stderr, last } = await client.run(runner, {
      command: "whoami; echo to stderr >&2; [ -t 0 ] && exit 7",
    });
    expect([stdout, stderr, last]).toEqual(["user\r\n", "to stderr\r\n", { type: "exit", data: 7 }]);
    expect((await client.write(runner, "/tmp/a", "content")).status).toBe(204);
    expect((await client.run(runner, { command: "cat /tmp/a" })).stdout).toBe("content");
    expect((await client.download(runner, { path: "/tmp/a" })).text).toBe("content");
    await client.run(runner, { command: "mkdir -p b/c; ln -s /tmp/a b/link; printf 12345 >b/c/five" });
    const listed = (await client.list(runner, { path: "b", recursive: "true" })).json().files;
    expect(
      listed.map(({ name, entryType }: { name: string; entryType: string }) => [name, entryType]),
    ).toEqual([
      ["b/c", "d"],
      ["b/link", "l"],
      ["b/c/five", "-"],
    ]);
    expect(listed[1].linkTarget).toBe("/tmp/a");
    expect(listed[2]).toMatchObject({ size: 5, owner: "user", permissions: "rw-r--r--" });
    expect((await client.list(runner, { path: "nowhere" })).status).toBe(424);
    const limited = await client.run(runner, { command: "echo up; sleep 100", timeLimit: 1 });
    expect(limited.last).toEqual({ type: "timeout" });
    await client.call("DELETE", `/execution-environments/${id}`);
  };

  test("the exec driver with an image's files", async () => {
    await works(await start(EXEC), 7_310);
  });

  test.skipIf(!hasGvisor)("gVisor", async () => {
    const server = await start(GVISOR);
    // Debian's version of 2022 refuses the statx of coreutils 9: `ls` fails there on every file, and find takes its place.
    await works(server, 7_311);
    await server.client.put(7_312, { image: cluster.image, memoryLimit: 256 });
    const runner = await server.client.claim(7_312);
    expect((await server.client.run(runner, { command: "dmesg" })).stdout).toContain("gVisor");
    await server.client.call("DELETE", "/execution-environments/7312");
  });
});

/** The image that `up.sh` made. */
async function imageTarball(): Promise<string> {
  const cache =
    process.env.POSEIDON_CACHE ?? `${process.env.XDG_CACHE_HOME ?? `${homedir()}/.cache`}/poseidon`;
  const name = (await readdir(`${cache}/images`)).find((file) => file.startsWith("shell-"));
  if (name === undefined) throw new Error("up.sh has made no image yet");
  return `${cache}/images/${name}`;
}
