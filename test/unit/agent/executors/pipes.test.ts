import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  writeSync,
} from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { closePipes, PipePool } from "../../../../src/agent/executors/pipes.js";

/** Ends of pipes that this process has open. */
function openPipes(): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith("pipe:");
    } catch {
      return false; // the listing's own
    }
  }).length;
}

describe("PipePool", () => {
  const pool = new PipePool();
  afterAll(() => pool.close());

  it("hands out pipes that work, each once, and closes the others", async () => {
    const before = openPipes();
    const own = new PipePool();
    const batches = await Promise.all(Array.from({ length: 20 }, () => own.take(3)));
    const pipes = batches.flat();
    expect(new Set(pipes.map(({ readable }) => fstatSync(readable).ino)).size).toBe(60);
    for (const [index, { readable, writable }] of pipes.entries()) {
      writeSync(writable, `${index}`);
      const buffer = Buffer.alloc(10);
      expect(buffer.toString("latin1", 0, readSync(readable, buffer))).toBe(`${index}`);
    }
    closePipes(pipes);
    await own.close();
    expect(openPipes()).toBe(before);
    await expect(own.take(1000)).rejects.toThrow("closed");
  });

  it("makes pipes without a name that every user may open, also after the writer has closed", async () => {
    const [pipe] = await pool.take(1);
    if (pipe === undefined) throw new Error("no pipe");
    expect(fstatSync(pipe.readable).mode & 0o777).toBe(0o666);
    closeSync(pipe.writable);
    const again = openSync(`/proc/self/fd/${pipe.readable}`, constants.O_RDONLY);
    expect(readSync(again, Buffer.alloc(1))).toBe(0);
    closeSync(again);
    closeSync(pipe.readable);
  });
});
