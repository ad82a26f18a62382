import type { ServerResponse } from "node:http";
import { HttpError } from "../http/http-error.js";
import { type AgentRequest, holdBody } from "../http/request.js";
import type { Fault } from "./fault-schema.js";

type AnswerFault = Extract<Fault, { fault: "answer" | "delay-answer" }>;

interface ActiveFault {
  readonly fault: AnswerFault;
  readonly path: RegExp;
  left: number;
}

/** Spoils answers to chosen requests. */
export class AnswerFaults {
  #active: ActiveFault[] = [];
  readonly #hanging = new Set<ServerResponse>();
  readonly #timers = new Map<NodeJS.Timeout, () => void>();

  get active(): readonly AnswerFault[] {
    return this.#active.map(({ fault, left }) => ({ ...fault, count: left }));
  }

  /** @throws HttpError 400 when the path is no regular expression */
  add(fault: AnswerFault): void {
    try {
      this.#active.push({ fault, path: new RegExp(fault.path), left: fault.count });
    } catch {
      throw new HttpError(400, `not a regular expression: ${fault.path}`);
    }
  }

  /** Before the request is looked at. `handled`: there will be no other answer. */
  async before(request: AgentRequest, response: ServerResponse): Promise<"handled" | "go-on"> {
    const fault = this.#take(request, false);
    if (fault === undefined) return "go-on";
    if (fault.fault === "delay-answer") {
      // It is done all the same when its sender has gone by then.
      await holdBody(request);
      await this.#delay(fault.delay);
      return "go-on";
    }
    return this.#spoil(fault, response);
  }

  /** After the request was done, before it is answered. */
  after(request: AgentRequest, response: ServerResponse): "handled" | "go-on" {
    const fault = this.#take(request, true);
    return fault?.fault === "answer" ? this.#spoil(fault, response) : "go-on";
  }

  /** Ends all faults; requests that hang are cut off. */
  clear(): void {
    this.#active = [];
    for (const response of this.#hanging) response.destroy();
    this.#hanging.clear();
    for (const [timer, resolve] of this.#timers) {
      clearTimeout(timer);
      resolve();
    }
    this.#timers.clear();
  }

  #spoil(fault: Extract<AnswerFault, { fault: "answer" }>, response: ServerResponse): "handled" {
    if (fault.with === "cut") response.destroy();
    else if (fault.with === "hang") {
      this.#hanging.add(response);
      response.on("close", () => this.#hanging.delete(response));
    } else throw new HttpError(fault.with, fault.body);
    return "handled";
  }

  #take(request: AgentRequest, afterwards: boolean): AnswerFault | undefined {
    const found = this.#active.find(
      ({ fault, path }) =>
        (fault.method === undefined || fault.method === request.method) &&
        path.test(request.path) &&
        (fault.fault === "answer" && fault.afterwards) === afterwards,
    );
    if (found === undefined) return undefined;
    found.left--;
    if (found.left === 0) this.#active = this.#active.filter((other) => other !== found);
    return found.fault;
  }

  #delay(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        resolve();
      }, milliseconds);
      this.#timers.set(timer, resolve);
    });
  }
}
