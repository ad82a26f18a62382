import { describe, expect, test } from "vitest";
import { Lab } from "../lab.js";
import type { Target } from "../target.js";

const SECOND = 1_000_000_000;

/** Tasks that end by themselves. */
export function restartingSuite(target: () => Target): void {
  describe("restarting", () => {
    test("a task that runs has a history of three events", async ({ skip }) => {
      skip(!target().canRun, "needs commands that run");
      const lab = await Lab.open(target());
      const { TaskStates } = await lab.run(lab.id("history"));
      const state = TaskStates!["default-task"]!;
      expect(state).toMatchObject({ State: "running", Failed: false, Restarts: 0 });
      expect(state.StartedAt).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
      const events = (state.Events ?? []).filter((event) => event.Type !== "Driver");
      expect(events.map((event) => event.DisplayMessage)).toEqual([
        "Task received by client",
        "Building Task Directory",
        "Task started by client",
      ]);
      expect(events.map((event) => event.Type)).toEqual(["Received", "Task Setup", "Started"]);
    });

    test("exit 0 completes a batch job for good", async ({ skip }) => {
      skip(!target().canRun, "needs commands that run");
      const lab = await Lab.open(target());
      const id = lab.id("exit-0");
      await lab.register(id, { command: ["/bin/bash", "-c", "exit 0"] });
      const ended = await lab.allocation(id, "complete", (one) => one.ClientStatus === "complete");
      expect(ended).toMatchObject({
        DesiredStatus: "run",
        ClientDescription: "All tasks have completed",
        TaskStates: { "default-task": { State: "dead", Failed: false } },
      });
      expect((await lab.get(`/v1/job/${id}`)).body).toMatchObject({ Status: "dead", Stop: false });
    });

    test("a task that fails goes back to pending and runs again in the same allocation", async ({ skip }) => {
      skip(!target().canRun, "needs commands that run");
      const lab = await Lab.open(target());
      const id = lab.id("restart");
      await lab.register(id, { command: ["/bin/bash", "-c", "sleep 2; exit 3"], restartDelay: SECOND });
      const first = await lab.running(id);
      const pending = await lab.allocation(
        id,
        "pending again",
        (one) => one.ClientStatus === "pending" && one.TaskStates?.["default-task"]?.Restarts === 1,
      );
      expect(pending).toMatchObject({ ID: first.ID, ClientDescription: "No tasks have started" });
      const state = pending.TaskStates!["default-task"]!;
      expect(state).toMatchObject({ State: "pending", Failed: false });
      expect(state.LastRestart).toMatch(/^\d{4}-/);
      const [terminated, restarting] = state.Events!.slice(-2);
      expect(terminated).toMatchObject({
        Type: "Terminated",
        DisplayMessage: expect.stringMatching(/^Exit Code: 3/),
        ExitCode: 3,
        Details: { exit_code: "3", oom_killed: "false", signal: "0" },
      });
      expect(restarting).toMatchObject({
        Type: "Restarting",
        DisplayMessage: expect.stringMatching(/^Task restarting in [\d.]+m?s$/),
        Details: { restart_reason: "Restart within policy" },
      });
      const again = await lab.allocation(
        id,
        "running again",
        (one) => one.ClientStatus === "running" && one.TaskStates?.["default-task"]?.Restarts === 1,
      );
      expect(again.ID).toBe(first.ID);
    });

    test("used-up restarts fail the allocation, and the reschedule policy replaces it", async ({ skip }) => {
      skip(!target().canRun, "needs commands that run");
      const lab = await Lab.open(target());
      const id = lab.id("reschedule");
      await lab.register(id, {
        command: ["/bin/bash", "-c", "exit 3"],
        attempts: 0,
        rescheduleDelay: 5 * SECOND,
        rescheduleAttempts: 1,
      });
      const failed = await lab.allocation(id, "failed", (one) => one.ClientStatus === "failed");
      expect(failed.TaskStates?.["default-task"]).toMatchObject({ State: "dead", Failed: true });
      expect(failed.TaskStates?.["default-task"]?.Events?.at(-1)).toMatchObject({
        Type: "Not Restarting",
        DisplayMessage: "Policy allows no restarts",
        Details: { fails_task: "true" },
      });
      const waiting = await lab.allocation(id, "follow-up", (one) => typeof one.FollowupEvalID === "string");
      expect(waiting).toMatchObject({ ID: failed.ID, DesiredStatus: "run" });
      const replacement = await lab.allocation(
        id,
        "replacement",
        (one) => one.PreviousAllocation === failed.ID,
      );
      expect(replacement).toMatchObject({
        EvalID: waiting.FollowupEvalID,
        RescheduleTracker: { Events: [{ Delay: 5 * SECOND, PrevAllocID: failed.ID }] },
      });
      const replaced = await lab.allocation(
        id,
        "replaced",
        (one) => one.ID === failed.ID && one.DesiredStatus === "stop",
      );
      expect(replaced.NextAllocation).toBe(replacement.ID);
      await lab.allocation(
        id,
        "failed again",
        (one) => one.ID === replacement.ID && one.ClientStatus === "failed",
      );
      expect((await lab.get(`/v1/job/${id}`)).body.Status).toBe("dead");
    });

    test("an allocation whose PID 1 is killed for its memory says so and starts again", async ({ skip }) => {
      skip(!target().canRunOutOfMemory, "needs limits of memory");
      const lab = await Lab.open(target());
      const id = lab.id("oom");
      await lab.register(id, {
        command: ["/bin/bash", "-c", "sleep 2; exec tail /dev/zero"],
        restartDelay: SECOND,
        memoryMax: 50,
      });
      const first = await lab.running(id);
      const pending = await lab.allocation(
        id,
        "pending again",
        (one) => one.TaskStates?.["default-task"]?.Restarts === 1,
      );
      expect(pending).toMatchObject({ ID: first.ID, ClientStatus: "pending", DesiredStatus: "run" });
      expect(pending.TaskStates!["default-task"]!.Events!.at(-2)).toMatchObject({
        Type: "Terminated",
        ExitCode: 137,
        Message: "OOM Killed",
        DisplayMessage: 'Exit Code: 137, Exit Message: "OOM Killed"',
        Details: { oom_killed: "true", exit_code: "137" },
      });
    });
  });
}
