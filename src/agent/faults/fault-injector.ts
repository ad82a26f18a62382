import type { ServerResponse } from "node:http";
import type { AgentContext } from "../http/context.js";
import type { AgentAnswer, AgentRequest } from "../http/request.js";
import type { AgentServer } from "../http/server.js";
import { killAllocation, rescheduleAllocation } from "./allocation-faults.js";
import { AnswerFaults } from "./answer-faults.js";
import { EventFaults } from "./event-faults.js";
import type { Fault } from "./fault-schema.js";
import { awaitEvaluation } from "./register-order.js";
import { RepeatedUpdates } from "./repeated-updates.js";
import { restartAgent } from "./restart-agent.js";
import { closeStreams } from "./stream-faults.js";

/** What the injector needs of the agent beside its parts. */
export interface FaultHooks {
  readonly server: AgentServer;
  listen(port: number): Promise<unknown>;
}

export type FaultParts = Omit<AgentContext, "faults">;

/** Makes an agent misbehave on request, for tests (docs/agent.md has the table). */
export class FaultInjector {
  /** What exec sessions that are open or opened now do wrong. */
  readonly exec = { slowFrames: 0, forgetExited: false, exitOnStop: false };
  heartbeatsStopped = false;
  readonly #parts: FaultParts;
  readonly #events: EventFaults;
  readonly #answers = new AnswerFaults();
  readonly #updates: RepeatedUpdates;
  #hooks: FaultHooks | undefined;
  #registerOrder: "before-events" | "after-events" | undefined;
  #refusal: Extract<Fault, { fault: "refuse-placements" }> | undefined;
  #refusalsLeft = 0;

  constructor(parts: FaultParts) {
    this.#parts = parts;
    this.#events = new EventFaults(parts.store);
    this.#updates = new RepeatedUpdates(parts.store);
  }

  attach(hooks: FaultHooks): void {
    this.#hooks = hooks;
  }

  stop(): void {
    this.clear();
  }

  /** What is wrong now. */
  get active(): readonly unknown[] {
    const { client } = this.#parts;
    return [
      ...this.#events.active,
      ...this.#answers.active,
      ...this.#updates.active.map((running) => ({ fault: "repeat-updates", ...running })),
      ...(this.heartbeatsStopped ? [{ fault: "stop-heartbeats" }] : []),
      ...(this.#registerOrder === undefined
        ? []
        : [{ fault: "register-order", answer: this.#registerOrder }]),
      ...(client.held ? [{ fault: "hold-placements" }] : []),
      ...(this.#refusal === undefined ? [] : [this.#refusal]),
      ...(this.exec.slowFrames > 0 ? [{ fault: "slow-exec", delay: this.exec.slowFrames }] : []),
      ...(this.exec.forgetExited ? [{ fault: "forget-exited" }] : []),
      ...(this.exec.exitOnStop ? [{ fault: "exit-on-stop" }] : []),
    ];
  }

  /**
   * Applies a fault; answers with what it did at once, if it did something.
   * @throws HttpError 404 for an allocation that does not run, 400 for a path that is no regular expression
   */
  async apply(fault: Fault): Promise<unknown> {
    const { store, client, sessions } = this.#parts;
    switch (fault.fault) {
      case "drop-events":
      case "delay-events":
      case "duplicate-events":
      case "reorder-events":
        return this.#events.add(fault);
      case "close-streams":
        return { closed: closeStreams(this.#hooks?.server.streams ?? new Set(), fault.how) };
      case "stop-heartbeats":
        this.heartbeatsStopped = true;
        return undefined;
      case "skip-indexes":
        return store.skipIndexes(fault.count);
      case "overrun-buffer":
        return this.#events.overrun(fault.count);
      case "repeat-updates":
        return this.#updates.run(fault);
      case "answer":
      case "delay-answer":
        return this.#answers.add(fault);
      case "register-order":
        this.#registerOrder = fault.answer;
        return undefined;
      case "hold-placements":
        client.held = true;
        return undefined;
      case "release-placements":
        return client.release();
      case "refuse-placements":
        return this.#refusePlacements(fault);
      case "kill-allocation":
        return killAllocation(this.#parts, fault.allocation, fault.how);
      case "reschedule-allocation":
        return rescheduleAllocation(this.#parts, fault.allocation);
      case "cut-exec":
        return { cut: sessions.cut(fault.allocation) };
      case "slow-exec":
        this.exec.slowFrames = fault.delay;
        return undefined;
      case "forget-exited":
        this.exec.forgetExited = true;
        return undefined;
      case "exit-on-stop":
        this.exec.exitOnStop = true;
        return undefined;
      case "restart-agent":
        return restartAgent(this.#parts, this.#hooks, fault);
    }
  }

  /** Ends every fault that is still on. What it did stays done. */
  clear(): void {
    this.#events.clear();
    this.#answers.clear();
    this.#updates.stop();
    this.heartbeatsStopped = false;
    this.exec.slowFrames = 0;
    this.exec.forgetExited = false;
    this.exec.exitOnStop = false;
    this.#registerOrder = undefined;
    this.#refusal = undefined;
    this.#parts.placer.refuse = () => undefined;
    this.#parts.scheduler.held = false;
    this.#parts.scheduler.resume();
    this.#parts.client.release();
    this.#parts.scheduler.capacityFreed();
  }

  /** Before a request is looked at. */
  async beforeRequest(request: AgentRequest, response: ServerResponse): Promise<"handled" | "go-on"> {
    const isRegister = request.path === "/v1/jobs" && request.method !== "GET";
    if (isRegister && this.#registerOrder === "before-events") {
      this.#parts.scheduler.held = true;
      response.once("close", () => this.#goOn());
      response.once("finish", () => this.#goOn());
    }
    return this.#answers.before(request, response);
  }

  /** After a request was done and before it is answered. */
  async beforeAnswer(
    request: AgentRequest,
    answer: AgentAnswer,
    response: ServerResponse,
  ): Promise<"handled" | "go-on"> {
    if (this.#registerOrder === "after-events") await awaitEvaluation(this.#parts.store, answer.body);
    return this.#answers.after(request, response);
  }

  #goOn(): void {
    this.#parts.scheduler.held = false;
    this.#parts.scheduler.resume();
  }

  #refusePlacements(fault: Extract<Fault, { fault: "refuse-placements" }>): void {
    this.#refusal = fault;
    this.#refusalsLeft = fault.count ?? Number.POSITIVE_INFINITY;
    this.#parts.placer.refuse = (job) => {
      if (this.#refusalsLeft <= 0 || !job.ID.startsWith(fault.job)) return undefined;
      this.#refusalsLeft--;
      return fault.dimension;
    };
  }
}
