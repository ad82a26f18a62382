import { PassThrough } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Terminal } from "../../../../src/cli/demo/terminal.js";

function collect(isTTY: boolean) {
  const output = Object.assign(new PassThrough(), { isTTY });
  const text = () => String(output.read() ?? "");
  return { terminal: new Terminal(output), text };
}

describe("Terminal", () => {
  it("colours stderr on a terminal", () => {
    const { terminal, text } = collect(true);
    terminal.stdout("out\r\n");
    terminal.stderr("err\r\n");
    expect(text()).toBe("out\r\n\u001b[31merr\r\n\u001b[0m");
  });

  it("puts a prefix before each line of stderr elsewhere", () => {
    const { terminal, text } = collect(false);
    terminal.stdout("Name? ");
    terminal.stderr("a\r\nb");
    terminal.stderr("c\r\n");
    terminal.stdout("out\r\n");
    terminal.say("end");
    expect(text()).toBe("Name? \nstderr: a\nstderr: bc\nout\nend\n");
  });

  it("keeps the streams apart and whole, however they come", () => {
    const part = fc.tuple(fc.constantFrom("stdout", "stderr"), fc.stringMatching(/^[a-z\n]{0,6}$/));
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const { terminal, text } = collect(false);
        for (const [stream, data] of parts) terminal[stream as "stdout" | "stderr"](data);
        const lines = text().split("\n");
        const of = (stream: string) =>
          parts
            .filter(([name]) => name === stream)
            .map(([, data]) => data)
            .join("")
            .replaceAll("\n", "");
        const errors = lines.filter((line) => line.startsWith("stderr: "));
        expect(errors.map((line) => line.slice(8)).join("")).toBe(of("stderr"));
        expect(lines.filter((line) => !line.startsWith("stderr: ")).join("")).toBe(of("stdout"));
      }),
    );
  });

  it("makes odd names harmless", () => {
    expect(Terminal.safe("./a b.txt")).toBe("./a b.txt");
    expect(Terminal.safe("\u001b[2J\n")).toBe('"\\x1b[2J\\n"');
  });
});
