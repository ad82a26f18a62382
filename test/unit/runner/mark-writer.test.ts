import { describe, expect, it } from "vitest";
import { deferred } from "../../../src/lib/deferred.js";
import { JobRecords } from "../../../src/nomad/job-record.js";
import { MarkWriter } from "../../../src/runner/mark-writer.js";

describe("MarkWriter", () => {
  it("writes up to 16 marks side by side, the others as those are made", async () => {
    const ids = Array.from(
      { length: 40 },
      (_, n) => `7-${String(n).padStart(8, "0")}-0000-4000-8000-000000000000`,
    );
    const records = new JobRecords();
    const taskGroups = [{ Name: "config", Count: 0, Meta: { used: "false" }, Tasks: [] }];
    const jobs = new Map(ids.map((ID) => [ID, records.of({ ID, Name: ID, TaskGroups: taskGroups })]));
    const answers: (() => void)[] = [];
    const writer = new MarkWriter({
      instance: "this",
      client: {
        registerJob: async () => {
          const answer = deferred();
          answers.push(answer.resolve);
          await answer.promise;
          return { jobModifyIndex: 2, evalId: "", warnings: "" };
        },
      },
      view: { job: (id) => jobs.get(id), refresh: async () => undefined, noteRegistered: () => undefined },
    });
    const marks = ids.map((id) => writer.reserve(id, { urgent: true }));
    const sent = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return answers.length;
    };
    expect(await sent()).toBe(16);
    for (const answer of answers.slice(0, 5)) answer();
    expect(await sent()).toBe(21);
    for (let answered = 5; answered < ids.length; answered++) {
      await sent();
      answers[answered]?.();
    }
    await Promise.all(marks);
    expect(answers).toHaveLength(40);
  });

  it("knows of a mark from its order to its answer, good or bad", async () => {
    const id = "7-00000000-0000-4000-8000-000000000000";
    const taskGroups = [{ Name: "config", Count: 0, Meta: { used: "false" }, Tasks: [] }];
    const record = new JobRecords().of({ ID: id, Name: id, TaskGroups: taskGroups });
    let answer = deferred();
    const writer = new MarkWriter({
      instance: "this",
      client: {
        registerJob: async () => {
          await answer.promise;
          return { jobModifyIndex: 2, evalId: "", warnings: "" };
        },
      },
      view: { job: () => record, refresh: async () => undefined, noteRegistered: () => undefined },
    });
    for (const settle of [() => answer.resolve(), () => answer.reject(new Error("away"))]) {
      answer = deferred();
      expect(writer.isUnderWay(id)).toBe(false);
      const marking = writer.claimed(id, 60);
      expect(writer.isUnderWay(id)).toBe(true);
      settle();
      await marking.catch(() => undefined);
      await new Promise((resolve) => setImmediate(resolve));
      expect(writer.isUnderWay(id)).toBe(false);
    }
  });
});
