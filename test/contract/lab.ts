import { onTestFinished } from "vitest";
import type { Allocation, Evaluation, NomadEvent } from "../../src/nomad/wire.js";
import { type JobChanges, runnerJob } from "./jobs.js";
import { type Answer, call, Events, type Target } from "./target.js";

/** What one test does with a target: jobs of its own, watched by an event stream of its own, gone at its end. */
export class Lab {
  readonly target: Target;
  readonly events: Events;
  readonly #jobs = new Set<string>();

  private constructor(target: Target, events: Events) {
    this.target = target;
    this.events = events;
  }

  /** Ready to use; cleans up after the running test by itself. */
  static async open(target: Target): Promise<Lab> {
    const lab = new Lab(target, await Events.open(target, `${ALL_TOPICS}&index=1000000000`));
    onTestFinished(() => lab.#close());
    return lab;
  }

  /** A job id of this run. */
  id(name: string): string {
    return `${this.target.prefix}${name}`;
  }

  /** Registers a runner's job; the id is taken away at the end of the test. */
  register(id: string, changes: JobChanges = {}): Promise<Answer> {
    return this.registerBody(id, runnerJob(this.target, id, changes));
  }

  registerBody(id: string, body: object): Promise<Answer> {
    this.#jobs.add(id);
    return call(this.target, "POST", "/v1/jobs", body);
  }

  /** Registers a job and waits until its task runs; answers with the allocation as the event had it. */
  async run(id: string, changes: JobChanges = {}): Promise<Allocation> {
    await this.register(id, changes);
    return this.running(id);
  }

  /** Waits for an allocation of the job whose task runs (and which is none of `except`). */
  async running(id: string, except: readonly string[] = []): Promise<Allocation> {
    return this.allocation(
      id,
      "running",
      (one) =>
        one.TaskStates?.["default-task"]?.State === "running" &&
        one.DesiredStatus === "run" &&
        !except.includes(one.ID),
    );
  }

  /** Waits for an event with an allocation of the job that fits. */
  async allocation(id: string, what: string, fits: (one: Allocation) => boolean): Promise<Allocation> {
    const event = await this.events.waitFor(`allocation of ${id}: ${what}`, ({ Payload }) => {
      const one = Payload.Allocation;
      return one !== undefined && one.JobID === id && fits(one);
    });
    return event.Payload.Allocation!;
  }

  /** Waits for the end of an evaluation. */
  async evaluated(evaluationId: string): Promise<Evaluation> {
    const event = await this.events.waitFor(
      `end of evaluation ${evaluationId}`,
      ({ Payload }) => Payload.Evaluation?.ID === evaluationId && Payload.Evaluation.Status !== "pending",
    );
    return event.Payload.Evaluation!;
  }

  purge(id: string): Promise<Answer> {
    return call(this.target, "DELETE", `/v1/job/${encodeURIComponent(id)}?purge=true`);
  }

  get(path: string): Promise<Answer> {
    return call(this.target, "GET", path);
  }

  /** The events of a job as `Topic Type` lines, each with the status that matters. */
  story(id: string): readonly string[] {
    return this.events.ofJob(id).map(describeEvent);
  }

  async #close(): Promise<void> {
    this.events.close();
    for (const id of this.#jobs) await this.purge(id);
  }
}

const ALL_TOPICS = "topic=Job:*&topic=Allocation:*&topic=Evaluation:*";

function describeEvent({ Topic, Type, Payload }: NomadEvent): string {
  const { Job, Allocation, Evaluation } = Payload;
  const status =
    Job?.Status ?? Evaluation?.Status ?? `${Allocation?.ClientStatus}/${Allocation?.DesiredStatus}`;
  return `${Topic} ${Type} ${status}`;
}
