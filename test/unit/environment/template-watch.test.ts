import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TemplateWatch } from "../../../src/environment/template-watch.js";
import type { ClusterView } from "../../../src/nomad/cluster-view.js";
import { TIMINGS } from "../../../src/runner/timings.js";
import { type LogLine, recordingLogger } from "../../support/recording-logger.js";

let phase: string | undefined;
let exists: boolean;
let reads: string[];
let lines: LogLine[];
let watch: TemplateWatch;

beforeEach(() => {
  vi.useFakeTimers();
  phase = "running";
  exists = true;
  reads = [];
  lines = [];
  const view = {
    allocation: () => (phase === undefined ? undefined : { phase }),
    refresh: async (id: string) => void reads.push(id),
  } as unknown as ClusterView;
  watch = new TemplateWatch({ view, logger: recordingLogger(lines), grace: TIMINGS.templateGrace });
});
afterEach(() => {
  watch.stop();
  vi.useRealTimers();
});

const look = () => watch.look(7, () => exists);

describe("a template job whose allocation ended", () => {
  it("is looked at again after a minute, and warned of if it does not run then", async () => {
    phase = "ended";
    look();
    await vi.advanceTimersByTimeAsync(59_000);
    expect([reads, lines]).toEqual([[], []]);
    look();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(reads).toEqual(["template-7"]);
    expect(lines).toMatchObject([{ level: "warn", fields: { environment_id: 7 } }]);
  });

  it.each(["running", "ended"])(
    "is not warned of where it runs again, or its environment is gone (%s)",
    async (now) => {
      phase = "ended";
      look();
      phase = now;
      exists = now === "running";
      await vi.advanceTimersByTimeAsync(120_000);
      expect(lines).toEqual([]);
    },
  );

  it("nobody waits for where it lives, its environment is unknown, or the server stops", async () => {
    look();
    exists = false;
    phase = undefined;
    look();
    exists = true;
    look();
    watch.stop();
    await vi.advanceTimersByTimeAsync(120_000);
    expect([reads, lines]).toEqual([[], []]);
  });
});
