import { probeSandbox } from "../../src/agent/executors/sandbox/probe.js";

const { executor, reason } = { reason: "", ...(await probeSandbox()) };
await executor?.close();

/** Whether the embedded agent's runners are apart from this machine. If not, what is hostile is not tried: `kill -9 -1` would end all of its user's processes. */
export const runnersApart = executor !== undefined;

if (!runnersApart) console.warn(`hostile commands are not tried without a sandbox: ${reason}`);
