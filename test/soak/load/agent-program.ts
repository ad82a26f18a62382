import { createAgent } from "../../../src/agent/agent.js";
import type { Executor } from "../../../src/agent/executor.js";
import { chooseExecutor } from "../../../src/agent/executors/choose.js";
import { createNullExecutor } from "../../../src/agent/executors/null.js";
import { silentLogger as logger } from "../../../src/telemetry/silent-logger.js";

/**
 * An agent in a process of its own: real processes in runners of all images but one, in whose runners nothing runs, since dozens of new sandboxes a second are
 * more than two cores can start beside what is tested. Writes its port; ends with its input.
 */
const real = await chooseExecutor({ logger });
const none = createNullExecutor();
const executor: Executor = {
  name: real.name,
  notices: real.notices,
  start: (spec) => (spec.image === "nothing" ? none : real).start(spec),
  close: async () => {
    await Promise.all([real.close(), none.close()]);
  },
};
const agent = createAgent({ executor, token: process.env["POSEIDON_NOMAD_TOKEN"] ?? "", logger });
const { port } = await agent.start();
process.stdin.on("end", () => void agent.stop().then(() => process.exit(0)));
process.stdin.resume();
console.log(port);
