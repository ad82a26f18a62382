import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJob } from "../../../../src/agent/job/canonical-job.js";
import { isSpecChanged, needsNewAllocation } from "../../../../src/agent/job/compare-jobs.js";
import { duration } from "../../../../src/agent/job/validate-group.js";
import { validateJob } from "../../../../src/agent/job/validate-job.js";

test("whatever is sent becomes a job or is refused with words; making it canonical twice changes nothing", () => {
  const keys = fc.constantFrom("ID", "Name", "Type", "TaskGroups", "Meta", "Datacenters", "Constraints", "x");
  fc.assert(
    fc.property(fc.dictionary(keys, fc.jsonValue()), (source) => {
      const job = canonicalJob(source, "default");
      const again = canonicalJob(job, "default");
      expect(isSpecChanged(job, again)).toBe(false);
      expect(["string", "undefined"]).toContain(typeof validateJob(job));
    }),
  );
});

test("only what the group's task sees needs a new allocation", () => {
  const job = (change: object, config: object = {}) =>
    canonicalJob(
      {
        ID: "a",
        TaskGroups: [
          { Name: "g", Tasks: [{ Name: "t", Driver: "docker", Config: { a: 1 }, Resources: {} }], ...change },
          { Name: "config", Count: 0, Tasks: [{ Name: "config", Driver: "exec" }], ...config },
        ],
      },
      "default",
    );
  const before = job({});
  expect(needsNewAllocation(before, job({}, { Meta: { used: "true" } }), "g")).toBe(false);
  expect(needsNewAllocation(before, job({ RestartPolicy: { Attempts: 9 } }), "g")).toBe(false);
  expect(needsNewAllocation(before, job({ Meta: { a: "b" } }), "g")).toBe(true);
  expect(needsNewAllocation(before, { ...before, Meta: { a: "b" } }, "g")).toBe(true);
  expect(needsNewAllocation(before, job({ Networks: [{ DynamicPorts: [{ Label: "80" }] }] }), "g")).toBe(
    true,
  );
});

test("durations are printed as Go prints them", () => {
  expect(duration(3_600_000_000_000)).toBe("1h0m0s");
  expect(duration(17_165_066_781)).toBe("17.165066781s");
  expect(duration(90_000_000_000)).toBe("1m30s");
});
