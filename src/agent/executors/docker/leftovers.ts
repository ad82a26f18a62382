import { z } from "zod";
import { forEachLimit } from "../../../lib/for-each-limit.js";
import type { Logger } from "../../../telemetry/logger.js";
import type { DockerClient } from "./client.js";
import { containerOwnerIsGone, OWNER_LABEL } from "./owner.js";
import { removeContainer } from "./remove-container.js";

const AT_ONCE = 8;
const containers = z.array(z.object({ Id: z.string(), Labels: z.record(z.string(), z.string()) }));

/** Removes the containers of agents that were killed and could not end their tasks themselves. */
export async function removeLeftovers(client: DockerClient, logger: Logger): Promise<void> {
  const query = { all: "true", filters: JSON.stringify({ label: [OWNER_LABEL] }) };
  const found = containers.parse(await client.call({ method: "GET", path: "/containers/json", query }));
  const left = found.filter(({ Labels }) => containerOwnerIsGone(Labels[OWNER_LABEL] ?? ""));
  if (left.length === 0) return;
  logger.warn("removing containers of an agent that was killed", { count: left.length });
  await forEachLimit(AT_ONCE, left, async ({ Id }) => {
    await removeContainer(client, Id).catch((error: unknown) => {
      logger.warn("a container that was left behind could not be removed", { error });
    });
  });
}
