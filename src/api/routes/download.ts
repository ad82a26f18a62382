import { Transform, type TransformCallback } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { FastifyInstance } from "fastify";
import { ShellError } from "../../shell/errors.js";
import { badRequest } from "../errors.js";
import { lenientBoolean, type Query } from "../schemas/query.js";
import { clientGone, type RouteContext, runnerOf } from "./context.js";
import { BASE, RUNNER_ID } from "./paths.js";

/** Sends a file's bytes (rest-api.md, GET files/raw). */
export function addDownloadRoute(app: FastifyInstance, context: RouteContext): void {
  app.get(
    `${BASE}/runners/${RUNNER_ID}/files/raw`,
    { config: { name: "/files/raw" } },
    async (request, reply) => {
      const runner = await runnerOf(request, context);
      const { path = "", privilegedExecution } = request.query as Query;
      if (path.includes("\0")) throw badRequest("path: must not contain NUL");
      if (path === "") throw new ShellError("file-not-found", "no path was given");
      const signal = clientGone(reply);
      const { size, body } = await runner.download(path, {
        privileged: lenientBoolean(privilegedExecution, false),
        signal,
      });
      reply
        .header("content-type", "application/octet-stream")
        // Before the length: Node would decode a disposition behind it, and cut each character to one byte then.
        .header("content-disposition", `attachment; filename="${quotedFilename(path)}"`)
        .header("content-length", String(size));
      const whole = new ExactLength(size);
      // Its end, good or bad, is seen in the stream that is sent; a failure destroys the connection.
      pipeline(body, whole).catch(() => undefined);
      return reply.send(whole);
    },
  );
}

/** A path between the quotes of a header: quotes and backslashes escaped, control characters as `%0A`, all else as UTF-8. */
export function quotedFilename(path: string): string {
  const quoted = path.replace(/["\\]/g, "\\$&").replace(/\p{Cc}/gu, encodeURIComponent);
  // Node sends the characters of a header as Latin-1: one character for each byte.
  return Buffer.from(quoted, "utf8").toString("latin1");
}

/** Passes on `size` bytes; fails when fewer or more come, so that what was announced is what arrives. */
class ExactLength extends Transform {
  #left: number;

  constructor(size: number) {
    super();
    this.#left = size;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#left -= chunk.length;
    if (this.#left < 0) done(new ShellError("broken", "more bytes came than were announced"));
    else done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    done(this.#left === 0 ? null : new ShellError("broken", "fewer bytes came than were announced"));
  }
}
