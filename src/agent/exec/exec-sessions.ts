import type { ExecSession } from "./exec-session.js";

/** The open exec sessions by allocation. */
export class ExecSessions {
  readonly #byAllocation = new Map<string, Set<ExecSession>>();

  add(allocationId: string, session: ExecSession): void {
    const sessions = this.#byAllocation.get(allocationId) ?? new Set();
    this.#byAllocation.set(allocationId, sessions.add(session));
  }

  delete(allocationId: string, session: ExecSession): void {
    const sessions = this.#byAllocation.get(allocationId);
    sessions?.delete(session);
    if (sessions?.size === 0) this.#byAllocation.delete(allocationId);
  }

  /** The allocation's tasks end, and its sessions with them. */
  endAllocation(allocationId: string): void {
    for (const session of [...(this.#byAllocation.get(allocationId) ?? [])]) session.endWithTask();
  }

  /** Breaks the connections of one allocation, or of all; returns how many. */
  cut(allocationId?: string): number {
    const chosen =
      allocationId === undefined
        ? [...this.#byAllocation.values()].flatMap((sessions) => [...sessions])
        : [...(this.#byAllocation.get(allocationId) ?? [])];
    for (const session of chosen) session.cut();
    return chosen.length;
  }
}
