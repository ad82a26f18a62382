import { describe, expect, it } from "vitest";
import type { Executor } from "../../../src/agent/executor.js";
import type { AgentOptions } from "../../../src/agent/options.js";
import { AGENT_LINE, runAgent } from "../../../src/cli/agent.js";
import type { AgentCommand } from "../../../src/cli/command.js";
import { eventually, fakeContext } from "./context.js";

const command: AgentCommand = {
  kind: "agent",
  executor: undefined,
  dockerHost: undefined,
  port: 0,
  faults: false,
  cpu: undefined,
  memory: undefined,
  exitWithInput: false,
};
const QUIET = { POSEIDON_LOGGER_LEVEL: "fatal" };

function fakeAgent(start: () => Promise<{ address: string; port: number }>) {
  const options: AgentOptions[] = [];
  const calls: string[] = [];
  const executor: Executor = {
    name: "null",
    notices: [],
    start: () => Promise.reject(new Error("nothing runs")),
    close: async () => undefined,
  };
  const parts = {
    chooseExecutor: async () => executor,
    createAgent: async (given: AgentOptions) => {
      options.push(given);
      return { start, stop: async () => void calls.push("stop") };
    },
  };
  return { options, calls, parts };
}
const listening = async () => ({ address: "127.0.0.1", port: 4711 });

describe("poseidon agent", () => {
  it("makes a random token, prints it to the terminal and tells its address", async () => {
    const { options, calls, parts } = fakeAgent(listening);
    const { context, stop, texts } = fakeContext({ parts, environment: QUIET });
    const ended = runAgent(command, context);
    await eventually(() => texts.output.includes("export"));
    expect(AGENT_LINE.exec(texts.output)?.[1]).toBe("http://127.0.0.1:4711");
    const [given] = options;
    expect(given?.token).toMatch(/^[0-9a-f]{48}$/);
    expect(texts.output).toContain(`export POSEIDON_NOMAD_TOKEN=${given?.token}\n`);
    expect(texts.errors).toBe("");
    stop.abort();
    expect(await ended).toBe(0);
    expect(calls).toEqual(["stop"]);
  });

  it("takes the token of the environment and does not print it", async () => {
    const { options, parts } = fakeAgent(listening);
    const environment = { ...QUIET, POSEIDON_NOMAD_TOKEN: "given-token" };
    const { context, stop, texts } = fakeContext({ parts, environment });
    const ended = runAgent({ ...command, faults: true, cpu: 100, memory: 200 }, context);
    await eventually(() => AGENT_LINE.test(texts.output));
    stop.abort();
    expect(await ended).toBe(0);
    expect(options[0]).toMatchObject({
      token: "given-token",
      faults: true,
      port: 0,
      nodeCapacity: { cpu: 100, memory: 200 },
    });
    expect(texts.output + texts.errors).not.toContain("given-token");
  });

  it("ends when its input ends, if asked to", async () => {
    const { calls, parts } = fakeAgent(listening);
    const { context, input, texts } = fakeContext({ parts, environment: QUIET });
    const ended = runAgent({ ...command, exitWithInput: true }, context);
    await eventually(() => AGENT_LINE.test(texts.output));
    input.end();
    expect(await ended).toBe(0);
    expect(calls).toEqual(["stop"]);
  });

  it("ends with 1 when it cannot listen", async () => {
    const { calls, parts } = fakeAgent(() => Promise.reject(new Error("EADDRINUSE")));
    const { context } = fakeContext({ parts, environment: QUIET });
    expect(await runAgent(command, context)).toBe(1);
    expect(calls).toEqual(["stop"]);
  });

  it("ends with 1 when its logger's variables are wrong", async () => {
    const { context, texts } = fakeContext({ environment: { POSEIDON_LOGGER_LEVEL: "loud" } });
    expect(await runAgent(command, context)).toBe(1);
    expect(texts.errors).toContain("POSEIDON_LOGGER_LEVEL");
  });
});
