import { beforeEach, describe, expect, it } from "vitest";
import { NomadError } from "../../../src/nomad/errors.js";
import { NodeAddresses } from "../../../src/nomad/node-addresses.js";
import type { NodeInfo } from "../../../src/nomad/wire.js";
import { QuietLogger } from "./quiet-logger.js";

const minute = 60_000;
const endpoint = { host: "10.0.0.5", port: 4646 };

let now: number;
let reads: number;
let answer: () => NodeInfo | undefined;
let logger: QuietLogger;

const make = (server = { host: "10.0.0.1", port: 4646 }) =>
  new NodeAddresses({
    client: {
      readNode: async () => {
        reads += 1;
        return answer();
      },
    },
    server,
    secure: false,
    logger,
    now: () => now,
  });

beforeEach(() => {
  now = 1_000;
  reads = 0;
  logger = new QuietLogger();
  answer = () => ({ ID: "n", HTTPAddr: "10.0.0.5:4646" });
});

describe("NodeAddresses", () => {
  it("asks once for each node, also for many at once, and keeps the answer", async () => {
    const nodes = make();
    expect(await Promise.all([nodes.addressOf("n"), nodes.addressOf("n")])).toEqual([endpoint, endpoint]);
    now += 1_000 * minute;
    expect(await nodes.addressOf("n")).toEqual(endpoint);
    expect(reads).toBe(1);
    await nodes.addressOf("m");
    expect(reads).toBe(2);
  });

  it("avoids a node that failed for 5 min, then asks anew", async () => {
    const nodes = make();
    await nodes.addressOf("n");
    nodes.failed("n");
    now += 5 * minute - 1;
    expect(await nodes.addressOf("n")).toBeUndefined();
    expect(reads).toBe(1);
    now += 2;
    answer = () => ({ ID: "n", HTTPAddr: "10.0.0.6:4646" });
    expect(await nodes.addressOf("n")).toEqual({ host: "10.0.0.6", port: 4646 });
  });

  it.each([
    ["is unknown", () => undefined],
    ["has no address", () => ({ ID: "n", HTTPAddr: "" })],
    ["speaks TLS where we do not", () => ({ ID: "n", HTTPAddr: "10.0.0.5:4646", TLSEnabled: true })],
    ["is the server itself", () => ({ ID: "n", HTTPAddr: "10.0.0.1:4646" })],
  ])("goes over the server when the node %s, and remembers it", async (_name, make_) => {
    answer = make_;
    const nodes = make();
    expect(await nodes.addressOf("n")).toBeUndefined();
    expect(await nodes.addressOf("n")).toBeUndefined();
    expect(reads).toBe(1);
  });

  it("finds the server under its name", async () => {
    answer = () => ({ ID: "n", HTTPAddr: "127.0.0.1:4646" });
    expect(await make({ host: "localhost", port: 4646 }).addressOf("n")).toBeUndefined();
    expect(await make({ host: "localhost", port: 4647 }).addressOf("n")).toEqual({
      host: "127.0.0.1",
      port: 4646,
    });
  });

  it("learns nothing while Nomad cannot be reached", async () => {
    const nodes = make();
    answer = () => {
      throw new NomadError("unreachable", "gone");
    };
    expect(await nodes.addressOf("n")).toBeUndefined();
    answer = () => ({ ID: "n", HTTPAddr: "10.0.0.5:4646" });
    expect(await nodes.addressOf("n")).toEqual(endpoint);
  });

  it("does not ask for any node for 5 min after a refusal, and says it once", async () => {
    const nodes = make();
    answer = () => {
      throw new NomadError("refused", "Permission denied", { status: 403 });
    };
    for (const id of ["a", "b", "a"]) expect(await nodes.addressOf(id)).toBeUndefined();
    expect(reads).toBe(1);
    now += 6 * minute;
    await nodes.addressOf("a");
    expect(reads).toBe(2);
    expect(logger.lines).toHaveLength(1);
  });
});
