import { readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { serverOn } from "../../containers/suite.js";
import { Nomad } from "../../support/nomad.js";
import type { TestServer } from "../../support/server.js";
import { until } from "../../support/until.js";
import { isFullRun, OwnCluster } from "../own-cluster.js";

const NAMESPACE = "runners";
const POLICY = new URL("../../../deploy/nomad/server-policy.hcl", import.meta.url);
const LONG = { within: 60_000 };

/** Least privilege, namespaces, and tokens that are wrong, expired or revoked. */
describe.skipIf(!isFullRun)("Nomad with ACLs", { timeout: 120_000 }, () => {
  let cluster: OwnCluster;
  let rules = "";
  const servers: TestServer[] = [];

  beforeAll(async () => {
    cluster = await OwnCluster.up({
      port: 4_761,
      variables: { NOMAD_ACL: "1" },
      config: () => 'acl {\n  enabled = true\n  token_min_expiration_ttl = "1s"\n}\n',
    });
    await cluster.nomad.must("POST", `/v1/namespace/${NAMESPACE}`, { Name: NAMESPACE });
    rules = (await readFile(POLICY, "utf8")).replace('namespace "default"', `namespace "${NAMESPACE}"`);
  }, 300_000);

  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });

  afterAll(() => cluster?.down(), 300_000);

  /** A token of a policy with these rules. */
  const tokenFor = async (name: string, rules: string, ttl?: string) => {
    await cluster.nomad.must("POST", `/v1/acl/policy/${name}`, { Name: name, Rules: rules });
    const wanted = { Name: name, Type: "client", Policies: [name], ...(ttl ? { ExpirationTTL: ttl } : {}) };
    return (await cluster.nomad.must("POST", "/v1/acl/token", wanted)) as {
      AccessorID: string;
      SecretID: string;
    };
  };

  const start = async (token: string, recovered = true): Promise<TestServer> => {
    const place = { ...cluster.nomad.place, token, namespace: NAMESPACE };
    const server = await serverOn(new Nomad(place), {}, { recovered });
    servers.push(server);
    return server;
  };

  /** The whole way of a client. */
  const wholeWay = async (server: TestServer, id: number): Promise<void> => {
    const { client } = server;
    expect(
      (await client.put(id, { image: cluster.image, networkAccess: true, exposedPorts: [80] })).status,
    ).toBe(201);
    const runner = await client.claim(id, 60);
    expect(runner.mappedPorts).toHaveLength(1);
    expect((await client.write(runner, "a", "content")).status).toBe(204);
    expect((await client.run(runner, { command: "cat a" })).stdout).toBe("content");
    expect((await client.list(runner)).json().files).toHaveLength(1);
    expect((await client.call("GET", "/execution-environments?fetch=true")).status).toBe(200);
    expect((await client.release(runner)).status).toBe(204);
    expect((await client.call("DELETE", `/execution-environments/${id}`)).status).toBe(204);
  };

  /** What the server says of Nomad while it has not reached it. */
  const unreached = async (server: TestServer): Promise<string> => {
    const line = await until("a line about Nomad", () =>
      server.lines.find(
        ({ level, fields }) => ["warn", "error"].includes(level) && fields["error"] instanceof Error,
      ),
    );
    const answer = await server.client.call("GET", "/execution-environments");
    expect([answer.status, answer.json().errorCode]).toEqual([500, "NOMAD_UNREACHABLE"]);
    expect((await server.client.call("GET", "/version")).status).toBe(200);
    return String((line.fields["error"] as Error).message);
  };

  test("the policy of deploy/ is enough, and reaches no other namespace", async () => {
    const token = await tokenFor("poseidon", rules);
    const server = await start(token.SecretID);
    await wholeWay(server, 7_200);
    expect(server.lines.filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
    const elsewhere = new Nomad({ ...cluster.nomad.place, token: token.SecretID, namespace: "default" });
    expect((await elsewhere.call("GET", "/v1/job/template-1")).status).toBe(403);
    expect((await elsewhere.call("GET", "/v1/acl/tokens")).status).toBe(403);
  });

  test("without node, agent and operator it works too, over the server", async () => {
    const bare = rules.replace(/\n(?:#[^\n]*\n)?(?:node|agent|operator) \{[^}]*\}/g, "");
    expect(bare).not.toMatch(/node|operator \{/);
    const server = await start((await tokenFor("bare", bare)).SecretID);
    await wholeWay(server, 7_201);
    expect(server.lines.filter(({ message }) => message.includes("addresses of nodes"))).toHaveLength(1);
  });

  test("a token that Nomad does not know is said, and nothing works", async () => {
    const server = await start("00000000-0000-0000-0000-000000000000", false);
    expect(await unreached(server)).toMatch(/Permission denied|ACL token not found/);
    const none = await start("", false);
    expect(await unreached(none)).toMatch(/Permission denied/);
  });

  test("a token that expired is said; with a new one the runners are taken over", async () => {
    const first = await tokenFor("short", rules, "20s");
    const server = await start(first.SecretID);
    const { client } = server;
    await client.put(7_202, { image: cluster.image });
    await server.settled(7_202, { idle: 1 }, LONG);
    const runner = await client.claim(7_202);
    await until(
      "the token's end",
      async () => {
        const place = { ...cluster.nomad.place, token: first.SecretID, namespace: NAMESPACE };
        return (await new Nomad(place).call("GET", "/v1/jobs")).status === 403;
      },
      LONG,
    );
    const answer = await client.put(7_203, { image: cluster.image });
    expect(answer.status).toBe(500);
    expect(answer.json().message).toMatch(/Permission denied|ACL token (expired|not found)/);
    await server.stop();
    servers.length = 0;
    const next = await start((await tokenFor("poseidon", rules)).SecretID);
    expect(await next.statusOf(runner.id)).toBe(200);
    await next.settled(7_202, { idle: 1, used: 1 }, LONG);
    await next.client.call("DELETE", "/execution-environments/7202");
  });

  test("a token that is revoked: what needs Nomad says so, and nothing hangs", async () => {
    const token = await tokenFor("revoked", rules);
    const server = await start(token.SecretID);
    const { client } = server;
    await client.put(7_204, { image: cluster.image });
    await server.settled(7_204, { idle: 1 }, LONG);
    await cluster.nomad.must("DELETE", `/v1/acl/token/${token.AccessorID}`);
    const answer = await client.put(7_205, { image: cluster.image });
    expect(answer.status).toBe(500);
    expect(answer.json().message).toMatch(/Permission denied|ACL token not found/);
    await cluster.nomad.must("GET", `/v1/jobs?namespace=${NAMESPACE}`);
    await server.stop();
    servers.length = 0;
    const inside = new Nomad({ ...cluster.nomad.place, namespace: NAMESPACE });
    for (const id of await inside.jobIds()) await inside.purge(id);
  });
});
