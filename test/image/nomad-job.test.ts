import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ownNamespace } from "../cluster/nomad-place.js";
import { freePort } from "../support/free-port.js";
import type { Nomad } from "../support/nomad.js";
import { until } from "../support/until.js";
import { IMAGE } from "./names.js";
import { run } from "./run.js";
import { useServer } from "./use-server.js";

const FILE = "deploy/nomad/poseidon.nomad.hcl";
const JOB = "poseidon";
const TOKEN = "token of the Nomad job's test";

describe("deploy/nomad/poseidon.nomad.hcl", () => {
  let nomad: Nomad;
  let port = 0;
  let flags: string[] = [];
  const cli = (...args: string[]) =>
    run(process.env.NOMAD_BIN ?? "nomad", args, { NOMAD_NAMESPACE: nomad.place.namespace });

  beforeAll(async () => {
    nomad = await ownNamespace("image");
    port = await freePort();
    const { hostname, port: nomadPort } = new URL(nomad.place.address);
    const variables = {
      image: IMAGE,
      port,
      runner_namespace: nomad.place.namespace,
      nomad_address: hostname,
      nomad_port: nomadPort,
      disable_force_pull: true,
    };
    flags = Object.entries(variables).map(([name, value]) => `-var=${name}=${value}`);
  });

  afterAll(async () => {
    if (nomad === undefined) return;
    await nomad.call("DELETE", `/v1/var/nomad/jobs/${JOB}`);
    await nomad.removeNamespace();
  });

  test("is valid", async () => {
    expect(await cli("job", "validate", ...flags, FILE)).toContain("Job validation successful");
  });

  test("runs the server on Nomad, with tokens from a Nomad variable", async () => {
    await cli("var", "put", `nomad/jobs/${JOB}`, `server_token=${TOKEN}`, `nomad_token=${nomad.place.token}`);
    await cli("job", "run", "-detach", ...flags, FILE);
    await useServer({
      baseUrl: `http://127.0.0.1:${port}`,
      token: TOKEN,
      image: process.env.POSEIDON_TEST_IMAGE ?? "",
    });
    const { TaskStates } = await nomad.allocation(JOB);
    expect(TaskStates?.server).toMatchObject({ State: "running", Restarts: 0 });
  });

  test("is a service that Nomad finds healthy, and ends cleanly", async () => {
    const { ID } = await nomad.allocation(JOB);
    await until(
      "a healthy service",
      async () => {
        const checks = Object.values(await nomad.must("GET", `/v1/client/allocation/${ID}/checks`));
        return checks.length === 1 && (checks[0] as { Status: string }).Status === "success";
      },
      { within: 60_000, every: 200 },
    );
    await cli("job", "stop", "-detach", JOB);
    const ended = await until(
      "the end of the server",
      async () => {
        const { TaskStates } = await nomad.allocation(JOB);
        return TaskStates?.server?.State === "dead" && TaskStates.server;
      },
      { within: 60_000, every: 200 },
    );
    const exits = (ended.Events ?? []).filter(({ Type }) => Type === "Terminated");
    expect(exits.map(({ Details }) => Details?.exit_code)).toEqual(["0"]);
  });
});
