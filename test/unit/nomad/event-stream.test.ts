import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deferred } from "../../../src/lib/deferred.js";
import { openEventStream } from "../../../src/nomad/event-stream.js";
import type { NomadTransport } from "../../../src/nomad/transport.js";
import type { EventFrame } from "../../../src/nomad/wire.js";
import { FakeNomad } from "./fake-nomad.js";
import { QuietLogger } from "./quiet-logger.js";

const evaluation = (id: string, text = "") => ({
  Topic: "Evaluation",
  Type: "EvaluationUpdated",
  Key: id,
  Index: 5,
  Payload: {
    Evaluation: { ID: id, JobID: "10-a", Status: "complete", ModifyIndex: 5, StatusDescription: text },
  },
});
const line = (...events: unknown[]) => `${JSON.stringify({ Index: 5, Events: events })}\n`;

let nomad: FakeNomad;
let transport: NomadTransport;
let logger: QuietLogger;

beforeEach(async () => {
  nomad = await new FakeNomad().start();
  transport = await nomad.transport({ token: "secret-token" });
  logger = new QuietLogger();
});

afterEach(async () => {
  await transport.stop();
  await nomad.stop();
});

const open = (options: { silence?: number; signal?: AbortSignal } = {}) =>
  openEventStream(transport, { index: 17, logger, ...options });

/** All frames until the stream ended or broke. */
async function collect(stream: AsyncIterable<EventFrame>): Promise<{ frames: EventFrame[]; error: unknown }> {
  const frames: EventFrame[] = [];
  try {
    for await (const frame of stream) frames.push(frame);
    return { frames, error: undefined };
  } catch (error) {
    return { frames, error };
  }
}

/** Answers with `parts`, each a write of its own that has been flushed, and then does `then`. */
function streams(parts: readonly (string | Buffer)[], then: (response: ServerResponse) => void): void {
  nomad.answer = async (_request, response) => {
    response.socket?.setNoDelay(true);
    response.writeHead(200);
    for (const part of parts) {
      await new Promise<void>((done) => response.write(part, () => setImmediate(done)));
    }
    then(response);
    return undefined;
  };
}

describe("the event stream", () => {
  it("asks for the three topics from an index on, over a connection of its own", async () => {
    streams(["{}\n"], (response) => response.end());
    expect(await collect(open())).toEqual({ frames: [{}], error: undefined });
    const [request] = nomad.seen;
    expect(request?.path).toBe("/v1/event/stream");
    expect(request?.query.getAll("topic")).toEqual(["Evaluation:*", "Allocation:*", "Job:*"]);
    expect(request?.query.get("index")).toBe("17");
    expect(request?.query.get("namespace")).toBe("default");
    expect(request?.headers["x-nomad-token"]).toBe("secret-token");
  });

  it("puts lines together that were torn within characters, and takes several from one piece", async () => {
    const text = `{}\n${line(evaluation("e1", "größer 🎈"), evaluation("e2"))}{}\n\n${line(evaluation("e3"))}`;
    const bytes = Buffer.from(text);
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += 7) pieces.push(bytes.subarray(at, at + 7));
    for (const parts of [[bytes], pieces, [...bytes].map((byte) => Buffer.from([byte]))]) {
      streams(parts, (response) => response.end());
      const { frames, error } = await collect(open());
      expect(error).toBeUndefined();
      expect(frames.map(({ Events }) => Events?.map(({ Key }) => Key))).toEqual([
        undefined,
        ["e1", "e2"],
        undefined,
        ["e3"],
      ]);
      expect(frames[1]?.Events?.[0]?.Payload.Evaluation?.StatusDescription).toBe("größer 🎈");
    }
  });

  it.each([
    ["a reset", (response: ServerResponse) => response.socket?.resetAndDestroy()],
    ["an end within a line", (response: ServerResponse) => response.end('{"Index":')],
    ["a line that is no JSON", (response: ServerResponse) => response.end('{"Index":5,"Ev\n{}\n')],
    ["a line of another form", (response: ServerResponse) => response.end("[]\n")],
  ])("breaks by %s, after the frames before it", async (_name, then) => {
    streams(["{}\n", line(evaluation("e1"))], then);
    const { frames, error } = await collect(open());
    expect(frames).toHaveLength(2);
    expect(error).toMatchObject({ code: "unreachable" });
  });

  it("breaks by a line without an end, and does not hold more than one line", async () => {
    nomad.answer = (_request, response) => {
      const piece = "x".repeat(1024 * 1024);
      const more = () => void (response.destroyed || response.write(piece, more));
      more();
      return undefined;
    };
    const { error } = await collect(open());
    expect(error).toMatchObject({ code: "unreachable", message: expect.stringContaining("too long") });
  });

  it("is dead without even a heartbeat", async () => {
    streams(["{}\n"], () => undefined);
    const { frames, error } = await collect(open({ silence: 50 }));
    expect(frames).toEqual([{}]);
    expect(error).toMatchObject({ code: "unreachable", message: expect.stringContaining("silent") });
  });

  it("tells why it cannot be opened", async () => {
    nomad.answer = () => ({ status: 403, body: "Permission denied" });
    expect((await collect(open())).error).toMatchObject({ code: "refused", message: "Permission denied" });
    await nomad.stop();
    expect((await collect(open())).error).toMatchObject({ code: "unreachable" });
    nomad = await new FakeNomad().start();
  });

  it("ends with its signal, before, while it is opened, and later", async () => {
    const asked = deferred();
    nomad.answer = () => {
      asked.resolve();
      return "hang";
    };
    const controller = new AbortController();
    const opening = collect(open({ signal: controller.signal }));
    await asked.promise;
    controller.abort();
    expect((await opening).error).toMatchObject({ code: "aborted" });
    expect((await collect(open({ signal: controller.signal }))).error).toMatchObject({ code: "aborted" });

    const later = new AbortController();
    streams(["{}\n"], () => later.abort());
    expect((await collect(open({ signal: later.signal }))).error).toMatchObject({ code: "aborted" });
  });

  it("closes its connection when the reader leaves", async () => {
    const closed = deferred();
    streams(["{}\n"], (response) => response.on("close", () => closed.resolve()));
    for await (const frame of open()) {
      expect(frame).toEqual({});
      break;
    }
    await closed.promise;
  });

  it("leaves out an event of an unknown form, says so once and goes on", async () => {
    const odd = { ...evaluation("e1"), Payload: { Evaluation: { ID: 5, StatusDescription: "hidden" } } };
    streams([line(odd, evaluation("e2")), line(odd)], (response) => response.end());
    const { frames, error } = await collect(open());
    expect(error).toBeUndefined();
    expect(frames.map(({ Events }) => Events?.map(({ Key }) => Key))).toEqual([["e2"], []]);
    expect(logger.lines).toHaveLength(1);
    expect(JSON.stringify(logger.lines)).not.toContain("hidden");
  });

  it("reads nothing ahead of a reader that takes its time", async () => {
    const total = 40 * 1024 * 1024;
    let sent = 0;
    nomad.answer = (_request, response) => {
      const piece = line(evaluation("e", "x".repeat(10_000)));
      const more = () => {
        if (response.destroyed || sent >= total) return;
        sent += piece.length;
        response.write(piece, more);
      };
      more();
      return undefined;
    };
    for await (const frame of open()) {
      expect(frame.Events).toHaveLength(1);
      let last = -1;
      // Until nothing moves any more: both kernels' buffers are full.
      while (last !== sent) {
        last = sent;
        for (let n = 0; n < 100; n += 1) await new Promise((done) => setImmediate(done));
      }
      break;
    }
    expect(sent).toBeLessThan(total);
  });
});
