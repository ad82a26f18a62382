import { Backoff } from "../../../lib/backoff.js";
import { withDeadline } from "../../../lib/with-deadline.js";
import type { DockerClient } from "./client.js";
import { isMissing } from "./errors.js";

const RETRY = { initial: 50, maximum: 2_000 };
/** Docker may be down, or busy with many; what is left then is found at the next start. */
const PATIENCE_MS = 30_000;

/**
 * Kills a container and removes it with everything in it; resolves when Docker has it no more. Tries again while Docker does not answer or
 * is at it already.
 * @throws Error when it is still there after half a minute
 */
export async function removeContainer(client: DockerClient, id: string): Promise<void> {
  const backoff = new Backoff(RETRY);
  const request = { path: `/containers/${id}`, query: { force: "true", v: "true" } };
  let last: unknown;
  await withDeadline(PATIENCE_MS, async (signal) => {
    for (;;) {
      try {
        await client.call({ method: "DELETE", ...request, signal });
        return;
      } catch (error) {
        if (isMissing(error)) return;
        last = signal.aborted ? last : error;
      }
      await backoff.wait({ signal });
    }
  }).catch((error: unknown) => {
    throw new Error("a container could not be removed", { cause: last ?? error });
  });
}
