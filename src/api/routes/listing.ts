import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import type { FileEntry } from "../../runner/handle.js";
import { JSON_TYPE, sendJsonText } from "../answers.js";

/** Characters gathered before the answer begins. A listing that is whole by then has a length, and its failure still has a status. */
const GATHERED = 64 * 1024;

/**
 * Answers with `{"files":[…]}` while the listing is still being read, never holding more than a part of it. A failure before the first
 * byte is thrown; a later one breaks the connection, so that no client takes a part for the whole.
 */
export async function sendListing(
  reply: FastifyReply,
  batches: AsyncIterable<readonly FileEntry[]>,
): Promise<FastifyReply> {
  const texts = listingTexts(batches);
  let text = "";
  while (text.length < GATHERED) {
    const next = await texts.next();
    if (next.done) return sendJsonText(reply, 200, text);
    text += next.value;
  }
  reply.code(200).header("content-type", JSON_TYPE);
  return reply.send(Readable.from(continued(text, texts), { objectMode: false, highWaterMark: GATHERED }));
}

async function* continued(begun: string, rest: AsyncIterable<string>): AsyncGenerator<Buffer> {
  yield Buffer.from(begun);
  for await (const text of rest) yield Buffer.from(text);
}

/** The JSON text of a listing, batch by batch. */
export async function* listingTexts(
  batches: AsyncIterable<readonly FileEntry[]>,
): AsyncGenerator<string, void> {
  let lead = '{"files":[';
  for await (const batch of batches) {
    if (batch.length === 0) continue;
    yield lead + batch.map((entry) => JSON.stringify(answerOf(entry))).join(",");
    lead = ",";
  }
  yield lead === "," ? "]}" : `${lead}]}`;
}

/** The fields that clients know, in their order, and no others. */
function answerOf(entry: FileEntry): FileEntry {
  const { name, entryType, linkTarget, size, modificationTime, permissions, owner, group } = entry;
  const target = linkTarget === undefined ? {} : { linkTarget };
  return { name, entryType, ...target, size, modificationTime, permissions, owner, group };
}
