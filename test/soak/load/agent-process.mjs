// An agent in a process of its own: real processes in runners of all images but one, in whose runners nothing runs, since dozens of new sandboxes a second are more than
// two cores can start beside what is tested. Writes its port; ends with its input.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle } from "../../../scripts/bundle.mjs";

const source = fileURLToPath(new URL("../../../src/", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "poseidon-agent-"));
const input = {
  agent: join(source, "agent/agent.ts"),
  choose: join(source, "agent/executors/choose.ts"),
  null: join(source, "agent/executors/null.ts"),
  logger: join(source, "telemetry/silent-logger.ts"),
};
await bundle(input, folder);
const load = (name) => import(join(folder, `${name}.js`));
const { createAgent } = await load("agent");
const { chooseExecutor } = await load("choose");
const { createNullExecutor } = await load("null");
const { silentLogger: logger } = await load("logger");

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
process.stdin.on("end", async () => {
  await agent.stop();
  await rm(folder, { recursive: true });
  process.exit(0);
});
process.stdin.resume();
console.log(port);
