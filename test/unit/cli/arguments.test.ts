import { describe, expect, it } from "vitest";
import { parseArguments, UsageError } from "../../../src/cli/arguments.js";

const serve = (config?: string) => ({ kind: "serve", config });
const agent = {
  kind: "agent",
  executor: undefined,
  port: 4646,
  faults: false,
  cpu: undefined,
  memory: undefined,
  exitWithInput: false,
};
const demo = {
  kind: "demo",
  file: undefined,
  executor: undefined,
  image: undefined,
  once: false,
  install: true,
};

describe("parseArguments", () => {
  it.each([
    ["", serve()],
    ["serve", serve()],
    ["--config a.yaml", serve("a.yaml")],
    ["--config=a.yaml", serve("a.yaml")],
    ["-config a.yaml", serve("a.yaml")],
    ["-config=a.yaml", serve("a.yaml")],
    ["serve -config a.yaml", serve("a.yaml")],
    ["--config a.yaml serve", serve("a.yaml")],
    ["--config serve", serve("serve")],
    ["--check-config --config x", { kind: "check-config", config: "x" }],
    ["serve --check-config", { kind: "check-config", config: undefined }],
    ["--version", { kind: "version" }],
    ["version", { kind: "version" }],
    ["--help", { kind: "help" }],
    ["help", { kind: "help" }],
    ["-h", { kind: "help" }],
    ["demo --help", { kind: "help" }],
    ["agent", agent],
    [
      "agent --executor sandbox --port 0 --faults --cpu 1000 --memory 512 --exit-with-stdin",
      { ...agent, executor: "sandbox", port: 0, faults: true, cpu: 1000, memory: 512, exitWithInput: true },
    ],
    ["--executor null agent", { ...agent, executor: "null" }],
    ["demo", demo],
    [
      "demo x.py --once --no-install --executor docker --image a:1",
      { ...demo, file: "x.py", once: true, install: false, executor: "docker", image: "a:1" },
    ],
    ["demo -- -odd.sh", { ...demo, file: "-odd.sh" }],
  ])("reads `poseidon %s`", (line, command) => {
    expect(parseArguments(line.split(" ").filter((word) => word !== ""))).toEqual(command);
  });

  it.each([
    ["--nonsense", "--nonsense"],
    ["-x", "-x"],
    ["run", "run"],
    ["serve extra", "extra"],
    ["serve --executor sandbox", "--executor"],
    ["agent --config x", "--config"],
    ["--config", "--config"],
    ["--config=", "--config"],
    ["demo a b", "one FILE"],
    ["agent --executor podman", "podman"],
    ["agent --port 65536", "65536"],
    ["agent --port x", "integer"],
    ["agent --cpu 0", "integer"],
    ["agent --port=-1", "integer"],
  ])("refuses `poseidon %s` in one line that names %s", (line, named) => {
    const parse = () => parseArguments(line.split(" "));
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(named);
    expect(parse).not.toThrow("\n");
  });
});
