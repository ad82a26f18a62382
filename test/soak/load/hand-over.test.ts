import { afterAll, beforeAll, expect, test } from "vitest";
import { AGENT_TOKEN, activatedServer } from "../../support/activated-server.js";
import { type CompiledProgram, compileProgram } from "../../support/compiled-program.js";
import { agentProcess } from "./agent-process.js";
import { steadyUsers } from "./steady-users.js";

const RESTARTS = 3;
/** Claims and executions before and after each restart. */
const BETWEEN = 400;

let program: CompiledProgram;
beforeAll(() => {
  program = compileProgram();
});
afterAll(() => program.remove());

test.each(["beside the draining one", "after its end"])(
  "under 50 claims and executions a second nothing fails while servers are replaced, %s",
  { timeout: 400_000 },
  async (order) => {
    const { manager, serve } = await activatedServer(program, {
      nomadPort: await agentProcess(AGENT_TOKEN),
      variables: { POSEIDON_LOGGER_LEVEL: "warn" },
    });
    let server = await serve();
    await manager.told(server, "READY=1");
    const users = await steadyUsers(manager.port);
    await users.more(BETWEEN);
    for (let restart = 0; restart < RESTARTS; restart += 1) {
      const old = server;
      process.kill(old, "SIGTERM");
      await manager.told(old, "STOPPING=1");
      if (order === "after its end") expect(await manager.ended(old)).toBe(0);
      server = await serve();
      await manager.told(server, "READY=1");
      expect(await manager.ended(old)).toBe(0);
      await users.more(BETWEEN);
    }
    console.log(`servers replaced ${RESTARTS} times, ${order}: ${await users.stop()}`);
    process.kill(server, "SIGTERM");
    expect(await manager.ended(server)).toBe(0);
  },
);
