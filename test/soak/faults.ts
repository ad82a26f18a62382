import type { Lab } from "../support/lab.js";
import type { Dice } from "./dice.js";
import type { Ledger } from "./ledger.js";

type Fault = Readonly<Record<string, unknown>>;

/** What happens to a Nomad and its connections on bad days; each is over by itself or with the next. */
const FAULTS: readonly Fault[] = [
  { fault: "drop-events", topic: "Allocation", count: 3 },
  { fault: "drop-events", topic: "Job", count: 3 },
  { fault: "delay-events", count: 5, delay: 700 },
  { fault: "duplicate-events", count: 10 },
  { fault: "reorder-events", count: 3 },
  { fault: "close-streams", how: "end" },
  { fault: "close-streams", how: "cut" },
  { fault: "close-streams", how: "mid-line" },
  { fault: "close-streams", how: "mid-character" },
  { fault: "skip-indexes", count: 5 },
  { fault: "overrun-buffer", count: 150 },
  { fault: "answer", path: "^/v1/jobs$", with: 500, count: 2 },
  { fault: "answer", path: "^/v1/job/", with: 429, count: 2 },
  { fault: "answer", path: "^/v1/", with: "cut", count: 2 },
  { fault: "answer", path: "^/v1/jobs$", with: "cut", afterwards: true, count: 1 },
  { fault: "answer", method: "DELETE", path: "^/v1/job/", with: "hang", count: 1 },
  { fault: "delay-answer", path: "^/v1/", delay: 300, count: 5 },
  { fault: "cut-exec" },
  { fault: "restart-agent", keepState: true, downFor: 300 },
];

const ENDS = ["failed", "oom", "restart", "lost", "complete"] as const;

/** Injects one fault by chance: one of the list, or the end of one runner's allocation. */
export async function injectFault(
  lab: Lab,
  options: { readonly ledger: Ledger; readonly environments: readonly number[]; readonly dice: Dice },
): Promise<void> {
  const { ledger, dice } = options;
  const choice = dice.roll(FAULTS.length + 4);
  const fault = FAULTS[choice];
  try {
    if (fault !== undefined) await lab.fault(fault);
    else await endAllocation(lab, options);
    ledger.count("faults");
  } catch {
    // The agent is away, or the allocation ended meanwhile: there is no fault without a victim.
    ledger.count("faults without a victim");
  }
}

async function endAllocation(
  lab: Lab,
  { environments, dice }: { readonly environments: readonly number[]; readonly dice: Dice },
): Promise<void> {
  const ids = await lab.jobIds(`${dice.pick(environments)}-`);
  const id = dice.pick(ids);
  const how = dice.pick(ENDS);
  if (id !== undefined && how !== undefined) await lab.kill(id, how);
}
