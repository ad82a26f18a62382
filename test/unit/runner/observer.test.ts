import { beforeEach, expect, test } from "vitest";
import type { ClusterView } from "../../../src/nomad/cluster-view.js";
import type { Deletions } from "../../../src/runner/deletions.js";
import type { MarkWriter } from "../../../src/runner/mark-writer.js";
import { Observer } from "../../../src/runner/observer.js";
import { RunnerRegistry } from "../../../src/runner/registry.js";
import { silentLogger } from "../../../src/telemetry/silent-logger.js";

const RUNNER = "7-00000000-0000-1000-8000-000000000000";

let jobs: string[];
let pending: boolean;
let marking: boolean;
let deleted: string[];
let registry: RunnerRegistry;
let observer: Observer;

beforeEach(() => {
  [jobs, pending, marking, deleted] = [[], false, false, []];
  const view = {
    job: (id: string) => (jobs.includes(id) ? { id, kind: "runner" } : undefined),
  } as unknown as ClusterView;
  const deletions = {
    isPending: () => pending,
    deleteInBackground: (id: string) => void deleted.push(id),
  } as unknown as Deletions;
  const marks = { isUnderWay: () => marking } as unknown as MarkWriter;
  registry = new RunnerRegistry({
    deletions,
    logger: silentLogger,
    reached: () => undefined,
    changed: () => undefined,
  });
  observer = new Observer({ registry, view, deletions, marks, instance: "this", logger: silentLogger });
  registry.noteGivenUp(RUNNER);
});

test("a runner that was given up is forgotten once its job is gone", () => {
  pending = true;
  observer.jobChanged(RUNNER);
  expect(registry.isGivenUp(RUNNER)).toBe(true);
  pending = false;
  observer.jobChanged(RUNNER);
  expect(registry.isGivenUp(RUNNER)).toBe(false);
  expect(deleted).toEqual([]);
});

test("one whose mark was still under way and made the job anew behind its deletion is deleted again", () => {
  marking = true;
  observer.jobChanged(RUNNER);
  expect(registry.isGivenUp(RUNNER)).toBe(true);
  jobs = [RUNNER];
  observer.jobChanged(RUNNER);
  expect(deleted).toEqual([RUNNER]);
  [jobs, marking] = [[], false];
  observer.snapshotTaken();
  expect(registry.isGivenUp(RUNNER)).toBe(false);
});
