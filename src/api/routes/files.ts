import type { FastifyInstance } from "fastify";
import { RunnerError } from "../../runner/errors.js";
import type { CopyEntry, FileEntry } from "../../runner/handle.js";
import { sendEmpty } from "../answers.js";
import { decodeBase64 } from "../body/base64.js";
import type { LongText } from "../body/long-text.js";
import { ApiError, badRequest } from "../errors.js";
import { filesRequest } from "../schemas/files.js";
import { lenientBoolean, type Query } from "../schemas/query.js";
import { bodyOf, clientGone, type RouteContext, runnerOf } from "./context.js";
import { sendListing } from "./listing.js";
import { BASE, RUNNER_ID } from "./paths.js";

/** Listing and changing files (rest-api.md, "Runners"). */
export function addFileRoutes(app: FastifyInstance, context: RouteContext): void {
  const url = `${BASE}/runners/${RUNNER_ID}/files`;

  app.get(url, { config: { name: "/files_list" } }, async (request, reply) => {
    const runner = await runnerOf(request, context);
    const query = request.query as Query;
    const path = query.path || "./";
    if (path.includes("\0")) throw badRequest("path: must not contain NUL");
    const signal = clientGone(reply);
    const batches = await softened(
      runner.list(path, {
        recursive: lenientBoolean(query.recursive, true),
        privileged: lenientBoolean(query.privilegedExecution, false),
        signal,
      }),
    );
    return sendListing(reply, batches);
  });

  app.patch(url, { config: { name: "/files" } }, async (request, reply) => {
    await runnerOf(request, context);
    const body = await bodyOf(request, reply, { schema: filesRequest, context });
    const copy = await decoded(body.copy);
    // Looked up anew: the runner may have gone while the body arrived.
    const runner = await runnerOf(request, context);
    await runner.update({ remove: body.delete, copy }, { signal: clientGone(reply) });
    return sendEmpty(reply, 204);
  });
}

/** Clients take 424 softly where a kind of environment has no listings (aws.md). */
async function softened(
  listing: Promise<AsyncIterable<readonly FileEntry[]>>,
): Promise<AsyncIterable<readonly FileEntry[]>> {
  try {
    return await listing;
  } catch (error) {
    if (error instanceof RunnerError && error.code === "not-supported") {
      throw new ApiError(424, "not supported", { cause: error });
    }
    throw error;
  }
}

/** Decodes all contents before anything in the runner is touched. */
async function decoded(
  entries: readonly { readonly path: string; readonly content?: string | LongText | undefined }[],
): Promise<CopyEntry[]> {
  const copy: CopyEntry[] = [];
  for (const [index, { path, content }] of entries.entries()) {
    const bytes = await decodeBase64(content ?? "");
    if (bytes === undefined) {
      throw badRequest(`copy[${index}].content: expected base64 (standard alphabet, with padding)`);
    }
    copy.push({ path, content: bytes });
  }
  return copy;
}
