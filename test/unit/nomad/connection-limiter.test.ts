import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConnectionLimiter } from "../../../src/nomad/connection-limiter.js";
import { ConnectionLimiters } from "../../../src/nomad/connection-limiters.js";
import { shareConnections } from "../../../src/nomad/connection-shares.js";
import type { Resident } from "../../../src/nomad/exec.js";

const wait = 5_000;
const resident = (since: number | undefined, evict: () => void = () => undefined): Resident => ({
  unusedSince: () => since,
  evict,
});

describe("ConnectionLimiter", () => {
  it("gives as many places as there are, then first come first served", async () => {
    const limiter = new ConnectionLimiter({ limit: 2 });
    const first = await limiter.acquire({ wait });
    await limiter.acquire({ wait });
    const order: number[] = [];
    const third = limiter.acquire({ wait }).then((slot) => {
      order.push(3);
      return slot;
    });
    const fourth = limiter.acquire({ wait }).then(() => order.push(4));
    expect(limiter.waiting).toBe(2);
    first.release();
    first.release();
    (await third).release();
    await fourth;
    expect(order).toEqual([3, 4]);
    expect(limiter.used).toBe(2);
  });

  it("rejects with no-room after the wait, and leaves the line", async () => {
    const limiter = new ConnectionLimiter({ limit: 1 });
    await limiter.acquire({ wait });
    await expect(limiter.acquire({ wait: 1 })).rejects.toMatchObject({ code: "no-room" });
    await expect(limiter.acquire({ wait: 0 })).rejects.toMatchObject({ code: "no-room" });
    expect(limiter.waiting).toBe(0);
  });

  it("lets a waiter give up, and does not give it a place afterwards", async () => {
    const limiter = new ConnectionLimiter({ limit: 1 });
    const held = await limiter.acquire({ wait });
    const controller = new AbortController();
    const waiting = limiter.acquire({ wait, signal: controller.signal });
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: "aborted" });
    await expect(limiter.acquire({ wait, signal: controller.signal })).rejects.toMatchObject({
      code: "aborted",
    });
    held.release();
    expect(limiter.used).toBe(0);
  });

  it("asks the longest unused resident session to go, each once, and never one in use", async () => {
    const limiter = new ConnectionLimiter({ limit: 3 });
    const gone: string[] = [];
    const young = await limiter.acquire({ wait, resident: resident(20, () => gone.push("young")) });
    const old = await limiter.acquire({ wait, resident: resident(10, () => gone.push("old")) });
    await limiter.acquire({ wait, resident: resident(undefined, () => gone.push("used")) });
    const plain = [limiter.acquire({ wait }), limiter.acquire({ wait }), limiter.acquire({ wait: 1 })];
    expect(gone).toEqual(["old", "young"]);
    old.release();
    young.release();
    await Promise.all(plain.slice(0, 2));
    await expect(plain[2]).rejects.toMatchObject({ code: "no-room" });
  });

  it("asks one that was in use, or just being opened, when it is unused, and no more than are waited for", async () => {
    const limiter = new ConnectionLimiter({ limit: 2 });
    let since: number | undefined;
    const gone: string[] = [];
    const busy = { unusedSince: () => since, evict: () => gone.push("first") };
    const first = await limiter.acquire({ wait, resident: busy });
    await limiter.acquire({ wait, resident: { ...busy, evict: () => gone.push("second") } });
    const waiting = limiter.acquire({ wait });
    expect(gone).toEqual([]);
    since = 1;
    await expect.poll(() => gone).toEqual(["first"]);
    first.release();
    await waiting;
    expect(gone).toEqual(["first"]);
  });

  it("serves the waiter when the evicted session goes at once", async () => {
    const limiter = new ConnectionLimiter({ limit: 1 });
    const slots: { release(): void }[] = [];
    slots.push(await limiter.acquire({ wait, resident: resident(1, () => slots[0]?.release()) }));
    await limiter.acquire({ wait });
    expect(limiter.used).toBe(1);
  });

  it("does not let a resident session wait, or take the place of one who waits", async () => {
    const limiter = new ConnectionLimiter({ limit: 1 });
    let evicted = false;
    const held = await limiter.acquire({ wait, resident: resident(1, () => (evicted = true)) });
    await expect(limiter.acquire({ wait, resident: resident(2) })).rejects.toMatchObject({ code: "no-room" });
    expect(evicted).toBe(false);
    const waiting = limiter.acquire({ wait });
    held.release();
    await waiting;
  });

  it("has no limit at 0", async () => {
    const limiter = new ConnectionLimiter({ limit: 0 });
    for (let n = 0; n < 1_000; n += 1) await limiter.acquire({ wait: 0 });
    expect(limiter.used).toBe(1_000);
  });
});

describe("shareConnections", () => {
  it("never gives out more than there are, and something to each", () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 10_000 }), (connections) => {
        const { api, exec } = shareConnections(connections);
        expect(api).toBeGreaterThanOrEqual(1);
        expect(exec).toBeGreaterThanOrEqual(1);
        expect(api + exec + 1).toBe(connections);
      }),
    );
    expect(shareConnections(90)).toEqual({ api: 16, exec: 73 });
    expect(shareConnections(0).exec).toBe(0);
  });
});

describe("ConnectionLimiters", () => {
  it("counts per address, with the parts of API and events only at the server", async () => {
    const limiters = new ConnectionLimiters({ server: { host: "Nomad.test", port: 4646 }, connections: 4 });
    const server = limiters.at({ host: "nomad.test", port: 4646 });
    expect(limiters.at({ host: "nomad.test", port: 4646 })).toBe(server);
    const node = limiters.at({ host: "10.0.0.1", port: 4646 });
    for (let n = 0; n < 4; n += 1) await node.acquire({ wait: 0 });
    await expect(node.acquire({ wait: 0 })).rejects.toMatchObject({ code: "no-room" });
    for (let n = 0; n < 2; n += 1) await server.acquire({ wait: 0 });
    await expect(server.acquire({ wait: 0 })).rejects.toMatchObject({ code: "no-room" });
    expect(Object.fromEntries(limiters.usage())).toEqual({ "nomad.test:4646": 2, "10.0.0.1:4646": 4 });
  });
});
