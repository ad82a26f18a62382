import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NomadError } from "../../../../src/nomad/errors.js";
import { CommandInput } from "../../../../src/shell/plain/command-input.js";
import { DownloadHead } from "../../../../src/shell/plain/download-head.js";
import { EarlyEndError, untilReady } from "../../../../src/shell/plain/early-end.js";
import { StartWords } from "../../../../src/shell/plain/start-word.js";

const byByte = (text: string) => [...Buffer.from(text, "latin1")].map((byte) => Buffer.from([byte]));

describe("StartWords", () => {
  it("finds words behind noise, however they are torn", () => {
    fc.assert(
      fc.property(fc.nat(60), fc.nat(60), (one, two) => {
        const text = Buffer.from("warning: u u:x u:=more noise u:!output u:!");
        const cuts = [one, two].map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b);
        const words = new StartWords("u");
        const found: string[] = [];
        let output = "";
        for (const chunk of [
          text.subarray(0, cuts[0]),
          text.subarray(cuts[0], cuts[1]),
          text.subarray(cuts[1]),
        ]) {
          if (found.includes("started")) {
            output += chunk.toString();
            continue;
          }
          for (let word = words.push(chunk); word !== undefined; word = words.push(word.rest)) {
            found.push(word.word);
            if (word.word !== "started") continue;
            output += word.rest.toString();
            break;
          }
        }
        expect([found, output]).toEqual([["request-by-pipe", "started"], "output u:!"]);
      }),
    );
  });

  it("keeps little of endless noise", () => {
    const words = new StartWords("u");
    for (let i = 0; i < 100; i++) words.push(Buffer.alloc(10_000, "x"));
    expect(words.push(Buffer.from("u:?"))?.word).toBe("request-by-terminal");
  });
});

describe("DownloadHead", () => {
  it("reads the size and leaves the bytes, however they are torn", () => {
    const head = new DownloadHead();
    const states = byByte("opening\n12\n").map((byte) => head.push(byte));
    expect(states.map(({ opening }) => opening)).toEqual([...Array(7).fill(false), ...Array(4).fill(true)]);
    expect(states.at(-1)).toMatchObject({ size: 12 });
    expect(new DownloadHead().push(Buffer.from("opening\n1\nx\n"))).toMatchObject({
      size: 1,
      rest: Buffer.from("x\n"),
    });
  });

  it.each(["other\n", "opening\n-1\n", "opening\n1e3\n", "opening\n\n", "x".repeat(100)])(
    "takes %j for no size",
    (text) => {
      expect(new DownloadHead().push(Buffer.from(text)).size).toBeNaN();
    },
  );
});

describe("CommandInput", () => {
  const start = () => {
    const sent: string[] = [];
    const drains = { count: 0 };
    const input = new CommandInput({
      send: (data) => sent.push(data.toString()) > 0,
      onDrain: () => {
        drains.count++;
      },
    });
    return { input, sent, drains };
  };

  it("keeps input until the command starts, SIGQUIT ahead of it", () => {
    const { input, sent } = start();
    input.write(Buffer.from("a"));
    input.quit();
    input.write(Buffer.from("b"));
    expect(sent).toEqual([]);
    input.start();
    input.write(Buffer.from("c"));
    input.quit();
    expect(sent).toEqual(["\u001c", "a", "b", "c", "\u001c"]);
  });

  it("tells the writer to stop at 256 KiB, and to go on", () => {
    const { input, drains } = start();
    expect(input.write(Buffer.alloc(256 * 1024))).toBe(true);
    expect(input.write(Buffer.alloc(1))).toBe(false);
    input.start();
    expect(drains.count).toBe(1);
  });
});

describe("untilReady", () => {
  const early = (retryable: boolean) => new EarlyEndError("for a test", { retryable });

  it("tries again what ended early, a few times", async () => {
    let count = 0;
    const result = untilReady(async () => {
      if (++count < 4) throw early(true);
      return count;
    });
    await expect(result).resolves.toBe(4);
    count = 0;
    const never = untilReady(async () => {
      count++;
      throw early(true);
    });
    await expect(never).rejects.toBeInstanceOf(EarlyEndError);
    expect(count).toBe(6);
  });

  it.each([early(false), new NomadError("unreachable", "for a test")])(
    "does not try again after %s",
    async (error) => {
      let count = 0;
      const result = untilReady(async () => {
        count++;
        throw error;
      });
      await expect(result).rejects.toBe(error);
      expect(count).toBe(1);
    },
  );

  it("heeds its signal", async () => {
    const result = untilReady(async () => 1, { signal: AbortSignal.abort() });
    await expect(result).rejects.toMatchObject({ code: "aborted" });
  });
});
