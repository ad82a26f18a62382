import { describe, expect, onTestFinished, test } from "vitest";
import { Lab } from "../lab.js";
import { call, Events, type Target } from "../target.js";

async function open(target: Target, query: string): Promise<Events> {
  const events = await Events.open(target, query);
  onTestFinished(() => events.close());
  return events;
}

/** The event stream. */
export function streamingSuite(target: () => Target): void {
  describe("event stream", () => {
    test("begins with a heartbeat", async () => {
      const events = await open(target(), "topic=Job:*&index=1000000000");
      await events.until("heartbeat", () => events.frames.some((frame) => frame.Index === undefined));
      expect(events.headers["content-type"]).toMatch(/^application\/json/);
    });

    test("index 0 replays what the buffer has, in order", async () => {
      const lab = await Lab.open(target());
      const id = lab.id("replay");
      const registered = await lab.register(id);
      await lab.evaluated(registered.body.EvalID);
      const events = await open(target(), "topic=Job:*&topic=Evaluation:*&topic=Allocation:*");
      await events.waitFor(
        "replayed",
        ({ Payload }) =>
          Payload.Evaluation?.Status === "complete" && Payload.Evaluation.ID === registered.body.EvalID,
      );
      expect(events.ofJob(id)[0]).toMatchObject({ Type: "JobRegistered", Topic: "Job" });
      const indexes = events.frames.flatMap((frame) => frame.Index ?? []);
      expect(indexes).toEqual([...indexes].sort((a, b) => a - b));
    });

    test("index N begins at the first events with N or more", async () => {
      const lab = await Lab.open(target());
      const first = await lab.register(lab.id("index-1"));
      await lab.evaluated(first.body.EvalID);
      const second = await lab.register(lab.id("index-2"));
      await lab.evaluated(second.body.EvalID);
      const { Index } = second.body;
      const events = await open(target(), `topic=Job:*&topic=Evaluation:*&topic=Allocation:*&index=${Index}`);
      await events.waitFor("second", ({ Payload }) => Payload.Evaluation?.ID === second.body.EvalID);
      expect(events.frames.find((frame) => frame.Index !== undefined)?.Index).toBe(Index);
    });

    test("an index beyond the newest begins with the newest", async () => {
      const lab = await Lab.open(target());
      const registered = await lab.register(lab.id("beyond"));
      await lab.evaluated(registered.body.EvalID);
      const events = await open(target(), "topic=*&index=1000000000");
      await events.until("newest", () => events.all.length > 0);
      expect(events.all[0]!.Index).toBeGreaterThanOrEqual(registered.body.Index);
    });

    test("a topic with a key shows that record, or the records of that job", async () => {
      const lab = await Lab.open(target());
      const [mine, other] = [lab.id("key-mine"), lab.id("key-other")];
      const events = await open(target(), `topic=Allocation:${mine}&topic=Job:${mine}`);
      await lab.run(other);
      await lab.run(mine);
      await events.waitFor("mine", ({ Payload }) => Payload.Allocation?.ClientStatus === "running");
      expect(events.ofJob(other)).toEqual([]);
      expect(new Set(events.all.map((event) => event.Topic))).toEqual(new Set(["Allocation", "Job"]));
    });

    test("another namespace shows nothing of this one", async () => {
      const lab = await Lab.open(target());
      const id = lab.id("elsewhere");
      const events = await open(target(), "topic=Job:*&namespace=nowhere");
      await lab.run(id);
      expect(events.ofJob(id)).toEqual([]);
      const everywhere = await open(target(), "topic=Job:*&namespace=*");
      await everywhere.waitFor("job", ({ Key }) => Key === id);
    });

    test("several streams show the same", async () => {
      const lab = await Lab.open(target());
      const id = lab.id("twice");
      const other = await open(
        target(),
        "topic=Job:*&topic=Evaluation:*&topic=Allocation:*&index=1000000000",
      );
      await lab.run(id);
      await other.waitFor(
        "running",
        ({ Payload }) => Payload.Allocation?.JobID === id && Payload.Allocation.ClientStatus === "running",
      );
      expect(other.ofJob(id)).toEqual(lab.events.ofJob(id));
    });

    test("a wrong index, topic or method is refused", async () => {
      expect(await call(target(), "GET", "/v1/event/stream?index=x")).toMatchObject({
        status: 400,
        text: 'Unable to parse index: strconv.Atoi: parsing "x": invalid syntax',
      });
      expect(await call(target(), "GET", "/v1/event/stream?topic=a:b:c")).toMatchObject({
        status: 400,
        text: "Invalid topic query: error parsing topics: Invalid key value pair for topic, topic: a:b:c",
      });
      expect(await call(target(), "POST", "/v1/event/stream")).toMatchObject({ status: 405 });
    });

    test("the buffer holds the newest hundred changes", async () => {
      const lab = await Lab.open(target());
      // Nothing more comes of a job that runs.
      await lab.run(lab.id("overrun"));
      let index = 0;
      for (let turn = 0; turn < 110; turn++) {
        const { body } = await lab.register(lab.id("overrun-more"), { meta: { turn: String(turn) } });
        index = body.Index;
      }
      const events = await open(target(), "topic=*");
      await events.until("newest", () => events.all.some((event) => event.Index >= index));
      expect(events.ofJob(lab.id("overrun"))).toEqual([]);
      const frames = events.frames.filter((frame) => (frame.Index ?? index + 1) <= index);
      // Its placeholder counts as the first, so one more stays.
      expect(frames.length).toBeLessThanOrEqual(101);
    });

    test("a heartbeat comes every 30 s", { timeout: 60_000 }, async () => {
      const events = await open(target(), "topic=Job:nobody&index=1000000000");
      await events.until("two heartbeats", () => events.frames.length >= 2, 45_000);
      expect(events.frames).toEqual([{}, {}]);
    });
  });
}
