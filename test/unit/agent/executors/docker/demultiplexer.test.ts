import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Demultiplexer, type OutputStream } from "../../../../../src/agent/executors/docker/demultiplexer.js";

function frame(type: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(8);
  header[0] = type;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

/** What comes out of both streams when the bytes are torn at these places. */
function demultiplex(bytes: Buffer, cuts: readonly number[]): Record<OutputStream, string> {
  const found: Record<OutputStream, Buffer[]> = { stdout: [], stderr: [] };
  const demultiplexer = new Demultiplexer((stream, payload) => found[stream].push(Buffer.from(payload)));
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (const [index, end] of places.entries()) {
    if (index > 0) demultiplexer.push(bytes.subarray(places[index - 1], end));
  }
  return {
    stdout: Buffer.concat(found.stdout).toString("hex"),
    stderr: Buffer.concat(found.stderr).toString("hex"),
  };
}

describe("Demultiplexer", () => {
  it("takes frames apart wherever they are torn", () => {
    const frames = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 40 })));
    fc.assert(
      fc.property(frames, fc.array(fc.nat()), (parts, cuts) => {
        const bytes = Buffer.concat(parts.map(([type, payload]) => frame(type, payload)));
        const of = (wanted: number) =>
          Buffer.concat(parts.map(([type, payload]) => (type === wanted ? payload : Buffer.alloc(0))));
        expect(demultiplex(bytes, cuts)).toEqual({
          stdout: of(1).toString("hex"),
          stderr: of(2).toString("hex"),
        });
      }),
    );
  });

  it("hands a part of a frame on at once", () => {
    const seen: string[] = [];
    const demultiplexer = new Demultiplexer((stream, payload) => seen.push(`${stream} ${payload}`));
    demultiplexer.push(frame(1, Buffer.from("abcdef")).subarray(0, 11));
    expect(seen).toEqual(["stdout abc"]);
    demultiplexer.push(Buffer.from("def"));
    demultiplexer.push(frame(3, Buffer.from("Docker's own")));
    expect(seen).toEqual(["stdout abc", "stdout def", "stderr Docker's own"]);
  });

  it("refuses what is no frame", () => {
    expect(() => demultiplex(Buffer.from("HTTP/1.1 500"), [])).toThrow("unknown stream 72");
  });
});
