import type { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { deferred } from "../../../src/lib/deferred.js";
import { ANSWER_MS } from "../../../src/nomad/answer-time.js";
import { NomadClient } from "../../../src/nomad/client.js";
import type { NomadTransport } from "../../../src/nomad/transport.js";
import { FakeNomad } from "./fake-nomad.js";

let nomad: FakeNomad;
let transport: NomadTransport;
let client: NomadClient;

beforeEach(async () => {
  nomad = await new FakeNomad().start();
  transport = await nomad.transport({ token: "secret-token" });
  client = new NomadClient(transport);
});

afterEach(async () => {
  vi.useRealTimers();
  await transport.stop();
  await nomad.stop();
});

describe("a call to Nomad", () => {
  it.each([
    [429, "Your IP is issuing too many concurrent connections", "unreachable"],
    [500, "No cluster leader", "unreachable"],
    [500, "rpc error: Not ready to serve consistent reads", "unreachable"],
    [502, "", "unreachable"],
    [503, "<html>busy</html>", "unreachable"],
    [504, "", "unreachable"],
    [404, "job not found", "not-found"],
    [400, "Job ID hasn't been provided", "refused"],
    [403, "Permission denied", "refused"],
    [500, "boom", "refused"],
  ])("says %i %j as %s", async (status, body, code) => {
    nomad.answer = () => ({ status, body });
    await expect(client.leader()).rejects.toMatchObject({ code, status });
  });

  it("is unreachable when nobody listens", async () => {
    await nomad.stop();
    await expect(client.leader()).rejects.toMatchObject({
      code: "unreachable",
      message: "Nomad cannot be reached: connection refused",
    });
    nomad = await new FakeNomad().start();
  });

  it("is refused when the answer is no JSON, and quotes nothing of it", async () => {
    nomad.answer = (_request, response) => {
      response.end("<html>secret</html>");
      return undefined;
    };
    const error = (await client.leader().catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({ code: "refused" });
    expect(`${error.message}${String(error.cause)}`).not.toContain("secret");
  });

  it("is unreachable when the body breaks off", async () => {
    nomad.answer = (_request, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write('"127.0', () => response.destroy());
      return undefined;
    };
    await expect(client.leader()).rejects.toMatchObject({ code: "unreachable" });
  });

  it("sends a GET again when its kept connection was closed under it", async () => {
    nomad.answer = () => ({ body: "leader" });
    await client.leader();
    let drops = 1;
    nomad.answer = () => (drops-- > 0 ? "reset" : { body: "leader" });
    expect(await client.leader()).toBe("leader");
    expect(nomad.seen).toHaveLength(3);
  });

  it("tries a GET twice, not for ever", async () => {
    nomad.answer = () => "reset";
    await expect(client.leader()).rejects.toMatchObject({ code: "unreachable" });
    expect(nomad.seen).toHaveLength(2);
  });

  it.each(["before the answer", "within the body"])("is over after 5 s of silence %s", async (when) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const asked = deferred();
    nomad.answer = (_request, response) => {
      if (when === "within the body") response.write("[");
      asked.resolve();
      return "hang";
    };
    const call = expect(client.leader()).rejects.toMatchObject({
      code: "unreachable",
      message: "Nomad did not answer within 4 s",
    });
    await asked.promise;
    await vi.advanceTimersByTimeAsync(ANSWER_MS);
    await call;
  });

  it("can be given up, before and meanwhile", async () => {
    const controller = new AbortController();
    const asked = deferred();
    nomad.answer = () => {
      asked.resolve();
      return "hang";
    };
    const call = expect(client.leader({ signal: controller.signal })).rejects.toMatchObject({
      code: "aborted",
    });
    await asked.promise;
    controller.abort();
    await call;
    await expect(client.leader({ signal: controller.signal })).rejects.toMatchObject({ code: "aborted" });
  });

  it("says nothing of token, address or body in any error", async () => {
    nomad.answer = () => "reset";
    const error = (await client
      .registerJob({ ID: "hidden-job" })
      .catch((thrown: unknown) => thrown)) as Error;
    const words = `${error.message} ${error.stack} ${String(error.cause)}`;
    for (const secret of ["secret-token", "hidden-job"]) expect(words).not.toContain(secret);
    expect(error.message).not.toContain("127.0.0.1");
  });
});

describe("the connections to Nomad", () => {
  it("are never more than the share for API calls", async () => {
    transport = await nomad.transport({ connections: 16 });
    client = new NomadClient(transport);
    let open = 0;
    let most = 0;
    nomad.onConnection = (socket: Socket) => {
      open += 1;
      most = Math.max(most, open);
      socket.on("close", () => {
        open -= 1;
      });
    };
    nomad.answer = () => ({ body: "leader" });
    await Promise.all(Array.from({ length: 100 }, () => client.leader()));
    expect(most).toBe(4);
  });

  it("are new after a reload, while calls in flight end on the old ones", async () => {
    const asked = deferred();
    const go = deferred();
    nomad.answer = async () => {
      asked.resolve();
      await go.promise;
      return { body: "leader" };
    };
    const old = client.leader();
    await asked.promise;
    await transport.reload();
    go.resolve();
    expect(await old).toBe("leader");
    expect(await client.leader()).toBe("leader");
    expect(nomad.connections).toBe(2);
  });

  it("are started and stopped any number of times", async () => {
    await transport.start();
    await transport.start();
    await transport.stop();
    await transport.stop();
  });
});
