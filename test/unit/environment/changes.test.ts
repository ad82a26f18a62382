import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { EnvironmentChanges } from "../../../src/environment/changes.js";
import { deferred } from "../../../src/lib/deferred.js";
import { NomadError } from "../../../src/nomad/errors.js";
import { silentLogger } from "../../../src/telemetry/silent-logger.js";

const SILENT = new NomadError("unreachable", "Nomad does not answer in time");

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function changes(leader: () => Promise<string> = async () => "leader") {
  const stop = new AbortController();
  return {
    changes: new EnvironmentChanges({ client: { leader }, logger: silentLogger, signal: stop.signal }),
    stop,
  };
}

it("who waits behind a change that Nomad does not answer is told with it, and its own is made all the same", async () => {
  const { changes: made } = changes();
  const done: string[] = [];
  const first = deferred<string>();
  const answers = [
    made.run(1, () => first.promise),
    made.run(1, async () => done.push("second")),
    made.run(1, async () => done.push("third")),
  ].map((answer) => answer.catch((error: unknown) => error));
  const other = made.run(2, async () => "another environment");
  expect(await other).toBe("another environment");
  first.reject(SILENT);
  expect(await Promise.all(answers)).toEqual([SILENT, SILENT, SILENT]);
  expect(await made.run(1, async () => [...done])).toEqual(["second", "third"]);
});

it("any other failure is its own alone", async () => {
  const { changes: made } = changes();
  const refused = new NomadError("refused", "no");
  const first = made.run(1, () => Promise.reject(refused)).catch((error: unknown) => error);
  const second = made.run(1, async () => "made");
  expect([await first, await second]).toEqual([refused, "made"]);
});

it("what is tried again lets others go first while Nomad is silent, and ends with the signal", async () => {
  let silent = true;
  const asked = deferred();
  const { changes: made, stop } = changes(() => {
    asked.resolve();
    return silent ? Promise.reject(SILENT) : Promise.resolve("leader");
  });
  const attempt = vi.fn(async () => true);
  const trying = made.retry(1, attempt);
  await vi.advanceTimersByTimeAsync(1_500);
  await asked.promise;
  expect(attempt).not.toHaveBeenCalled();
  expect(await made.run(1, async () => "at once")).toBe("at once");
  silent = false;
  await vi.advanceTimersByTimeAsync(60_000);
  await trying;
  expect(attempt).toHaveBeenCalledOnce();
  const never = made.retry(1, async () => false);
  stop.abort();
  await vi.advanceTimersByTimeAsync(60_000);
  await never;
  expect(vi.getTimerCount()).toBe(0);
});
