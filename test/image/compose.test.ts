import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../support/free-port.js";
import { IMAGE } from "./names.js";
import { docker, run } from "./run.js";
import { useServer } from "./use-server.js";

const TOKEN = "token of the compose test";
const PROJECT = "poseidon-compose-test";
const FILES = ["-f", "deploy/compose.yaml", "-f", "test/image/compose.yaml"];

const nomadPort = Number(new URL(process.env.NOMAD_ADDR ?? "http://127.0.0.1:4646").port);
/** As test/cluster/lib.sh has it; the last /24 of the /20 that the cluster's Nomad gives addresses from the beginning of. */
const NETWORK = {
  POSEIDON_TEST_BRIDGE: `psd-cmp-${nomadPort}`,
  POSEIDON_TEST_SUBNET: `198.19.${(nomadPort % 16) * 16 + 15}.0/24`,
};

describe("deploy/compose.yaml", () => {
  let variables: Record<string, string> = {};
  let listen = "";
  const compose = (...args: string[]) => run("docker-compose", ["-p", PROJECT, ...FILES, ...args], variables);
  const containers = async (...filters: string[]) =>
    (await docker("ps", "--all", "--quiet", ...filters.flatMap((filter) => ["--filter", filter]))).split(
      "\n",
    );
  const OURS = `label=com.docker.compose.project=${PROJECT}`;
  const RUNNERS = "label=org.openhpi.poseidon.agent";

  beforeAll(async () => {
    listen = `127.0.0.1:${await freePort()}`;
    variables = {
      POSEIDON_SERVER_TOKEN: TOKEN,
      POSEIDON_IMAGE: IMAGE,
      POSEIDON_LISTEN: listen,
      POSEIDON_NOMAD_DISABLEFORCEPULL: "true",
      ...NETWORK,
      DOCKER_SOCKET: new URL(process.env.DOCKER_HOST ?? "unix:///var/run/docker.sock").pathname,
    };
    await compose("up", "--detach", "--no-build");
  });

  afterAll(async () => {
    await compose("down", "--volumes", "--timeout", "30");
  });

  test("one command starts server and agent, and runners are containers", async () => {
    expect(await containers(OURS)).toHaveLength(2);
    await useServer({
      baseUrl: `http://${listen}`,
      token: TOKEN,
      image: process.env.POSEIDON_TEST_IMAGE ?? "",
    });
  });

  test("and another takes all of it away, runners included", async () => {
    const client = { "Poseidon-Token": TOKEN };
    const body = JSON.stringify({
      image: process.env.POSEIDON_TEST_IMAGE,
      prewarmingPoolSize: 1,
      cpuLimit: 20,
      memoryLimit: 100,
    });
    const url = `http://${listen}/api/v1/execution-environments/11`;
    expect((await fetch(url, { method: "PUT", headers: client, body })).status).toBe(201);
    expect(await containers(RUNNERS)).not.toEqual([""]);
    await compose("down", "--timeout", "30");
    expect(await containers(OURS)).toEqual([""]);
    expect(await containers(RUNNERS)).toEqual([""]);
  });
});
