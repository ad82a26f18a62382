import { randomUUID } from "node:crypto";
import { sleep } from "../../lib/sleep.js";
import { allocationState } from "../../nomad/allocation-state.js";
import type { NomadClient } from "../../nomad/client.js";
import type { ExecOpener } from "../../nomad/exec.js";
import { buildRunnerJob } from "../../nomad/job-template.js";
import type { Allocation, Job } from "../../nomad/wire.js";
import type { Finding } from "./finding.js";
import { text } from "./nomad-findings.js";

/** How long a runner may take to run, ms: an image may have to be pulled. */
const START_MS = 120_000;
const LOOK_MS = 250;
/** How far Nomad's clock may be from ours, ms. */
const CLOCK_MS = 5_000;

/** What the probe works with. */
export interface ProbeOptions {
  readonly client: NomadClient;
  readonly exec: ExecOpener;
  readonly template: Job;
  readonly signal: AbortSignal;
}

/** Starts one runner of a template, runs `true` in it, and removes it again: job rights, image, exec and clock. */
export async function probe({ client, exec, template, signal }: ProbeOptions): Promise<readonly Finding[]> {
  const id = `poseidon-doctor-${randomUUID()}`;
  const findings: Finding[] = [];
  try {
    const job = buildRunnerJob(template, id, { forcePull: false });
    const registered = Date.now();
    const mend = "give the token of nomad.token the right submit-job in nomad.namespace";
    const submitted = await attempt("ACL submit-job", mend, () => client.registerJob(job));
    findings.push(submitted);
    if (submitted.status !== "ok") return findings;
    const allocation = await running(client, id, signal);
    if (allocation?.ClientStatus !== "running") return [...findings, notRunning(allocation)];
    findings.push({ what: "a runner", status: "ok", found: `runs after ${Date.now() - registered} ms` });
    findings.push(clock(allocation, registered));
    findings.push(
      await attempt("exec (alloc-exec)", "give the token alloc-exec; the image needs /bin/true", () =>
        runTrue(exec, allocation, signal),
      ),
    );
    return findings;
  } finally {
    await client.deregisterJob(id, { purge: true }).catch(() => undefined);
  }
}

async function attempt(what: string, mend: string, run: () => Promise<unknown>): Promise<Finding> {
  try {
    await run();
    return { what, status: "ok", found: "works" };
  } catch (error) {
    return { what, status: "fail", found: text(error), mend };
  }
}

/** The job's newest allocation once it runs or has ended; undefined when there is none in time. */
async function running(
  client: NomadClient,
  id: string,
  signal: AbortSignal,
): Promise<Allocation | undefined> {
  const end = Date.now() + START_MS;
  let newest: Allocation | undefined;
  while (Date.now() < end && !signal.aborted) {
    const all = await client.jobAllocations(id);
    newest = [...all].sort((one, other) => other.CreateIndex - one.CreateIndex)[0];
    if (newest !== undefined && newest.ClientStatus !== "pending") return newest;
    await sleep(LOOK_MS, { signal }).catch(() => undefined);
  }
  return newest;
}

function notRunning(allocation: Allocation | undefined): Finding {
  const what = "a runner";
  if (allocation === undefined) {
    const mend = "is there room for it? nomad node status; nomad job status";
    return { what, status: "fail", found: "Nomad found no place for it", mend };
  }
  const events = Object.values(allocation.TaskStates ?? {}).flatMap(({ Events }) => Events ?? []);
  const last = events
    .map(({ DisplayMessage }) => DisplayMessage ?? "")
    .filter((line) => line !== "")
    .slice(-2);
  const mend = "does the image exist where the node looks for it, and does it have the command?";
  return { what, status: "fail", found: `${allocation.ClientStatus}: ${last.join("; ")}`, mend };
}

/** The task started between its registration and now, by its node's clock, or the clocks are apart. */
function clock(allocation: Allocation, registered: number): Finding {
  const what = "clock";
  const starts = Object.values(allocation.TaskStates ?? {}).map(({ StartedAt }) =>
    Date.parse(String(StartedAt)),
  );
  const at = starts.find((time) => Number.isFinite(time));
  if (at === undefined) return { what, status: "skip", found: "Nomad does not say when the task started" };
  const apart = Math.min(at - registered, 0) || Math.max(at - Date.now(), 0);
  if (Math.abs(apart) < CLOCK_MS) return { what, status: "ok", found: "agrees with the node's" };
  const mend = "have both machines set their clocks by NTP";
  return { what, status: "warn", found: `the node's is ${apart} ms from ours`, mend };
}

async function runTrue(exec: ExecOpener, allocation: Allocation, signal: AbortSignal): Promise<void> {
  const { id: allocationId, nodeId } = allocationState(allocation);
  const ended = await new Promise<string>((resolve, reject) => {
    const nothing = (): void => undefined;
    const handlers = {
      onStdout: nothing,
      onStderr: nothing,
      onEnd: (end: { readonly kind: string; readonly exitCode?: number; readonly reason?: string }) =>
        resolve(end.exitCode === 0 ? "" : (end.reason ?? `exit code ${end.exitCode}`)),
    };
    exec
      .open({ allocationId, nodeId }, { command: ["/bin/true"], tty: false, handlers, signal })
      .catch(reject);
  });
  if (ended !== "") throw new Error(ended);
}
