import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ClusterView } from "../../../src/nomad/cluster-view.js";
import type { Deletions } from "../../../src/runner/deletions.js";
import { Orphans } from "../../../src/runner/orphans.js";
import type { RunnerRegistry } from "../../../src/runner/registry.js";
import { TIMINGS } from "../../../src/runner/timings.js";
import { silentLogger } from "../../../src/telemetry/silent-logger.js";

const ORPHAN = "7-00000000-0000-1000-8000-000000000000";

let jobs: string[];
let known: number[];
let reachable: boolean;
let destroyed: string[];
let orphans: Orphans;

beforeEach(() => {
  vi.useFakeTimers();
  [jobs, known, reachable, destroyed] = [[ORPHAN], [], true, []];
  const view = {
    jobs: () =>
      jobs
        .map((id) => ({ id, kind: id.startsWith("template") ? "template" : "runner", environmentId: 7 }))
        .values(),
    job: (id: string) => (jobs.includes(id) ? { id } : undefined),
    reconcile: async () => {
      if (!reachable) throw new Error("away");
    },
  } as unknown as ClusterView;
  const registry = {
    pool: (id: number) => (known.includes(id) ? {} : undefined),
    runner: () => undefined,
    discardUnknown: (id: string) => void destroyed.push(id),
  } as unknown as RunnerRegistry;
  const deletions = { isPending: () => false } as unknown as Deletions;
  orphans = new Orphans({ view, registry, deletions, logger: silentLogger, grace: TIMINGS.orphanGrace });
});
afterEach(() => {
  orphans.stop();
  vi.useRealTimers();
});

describe("a runner job without a template job", () => {
  it("is destroyed 30 s after the snapshot that showed it, not earlier", async () => {
    orphans.snapshotTaken();
    await vi.advanceTimersByTimeAsync(29_000);
    orphans.snapshotTaken();
    expect(destroyed).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(destroyed).toEqual([ORPHAN]);
  });

  it("is none where the template job came, or the environment is made here meanwhile", async () => {
    orphans.snapshotTaken();
    jobs.push("template-7");
    await vi.advanceTimersByTimeAsync(60_000);
    jobs = [ORPHAN];
    orphans.snapshotTaken();
    known.push(7);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(destroyed).toEqual([]);
  });

  it("stays while there is no complete snapshot, and while it was not there at the beginning of the grace time", async () => {
    reachable = false;
    orphans.snapshotTaken();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(destroyed).toEqual([]);
    reachable = true;
    orphans.snapshotTaken();
    const younger = ORPHAN.replace("8000", "9000");
    jobs.push(younger);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(destroyed).toEqual([ORPHAN]);
  });
});
