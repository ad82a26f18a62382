// An agent in a process of its own: real processes in runners of all images but one, in whose runners nothing runs, since dozens of new sandboxes a second are more than
// two cores can start beside what is tested. The argument is the folder of the compiled program. Writes its port; ends with its input.
import { join } from "node:path";

const [, , dist] = process.argv;
const { createAgent } = await import(join(dist, "agent/agent.js"));
const { chooseExecutor } = await import(join(dist, "agent/executors/choose.js"));
const { createNullExecutor } = await import(join(dist, "agent/executors/null.js"));
const { silentLogger: logger } = await import(join(dist, "telemetry/silent-logger.js"));

const real = await chooseExecutor({ logger });
const none = createNullExecutor();
const executor = {
  name: real.name,
  notices: real.notices,
  start: (spec) => (spec.image === "nothing" ? none : real).start(spec),
  close: () => Promise.all([real.close(), none.close()]),
};
const agent = createAgent({ executor, token: process.env.POSEIDON_NOMAD_TOKEN, logger });
const { port } = await agent.start();
process.stdin.on("end", () => void agent.stop().then(() => process.exit(0)));
process.stdin.resume();
console.log(port);
