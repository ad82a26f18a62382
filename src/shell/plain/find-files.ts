import { shellText } from "../shell-text.js";
import { type PlainContext, userWord } from "./context.js";
import { FileTask } from "./file-task.js";
import type { Listing } from "./list.js";

const text = shellText(import.meta.url, "receive.sh", "stay.sh", "download.sh");
const lister = shellText(import.meta.url, "find-lister.sh");

/** Lists a path into `listing` with find, where ls is GNU's and fails all the same. Slower: two processes for each directory. */
export async function findFiles(
  context: PlainContext,
  path: string,
  options: {
    readonly listing: Listing;
    readonly recursive: boolean;
    readonly privileged: boolean;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<void> {
  const { listing, recursive, privileged, signal } = options;
  const task = await FileTask.start(context, {
    text,
    parameters: [userWord(privileged), `recursive=${recursive ? "1" : ""}\n${lister}`],
    words: [path],
    handlers: listing,
    does: "reading",
    signal,
  });
  listing.attach(task, signal);
  await listing.begun;
}
