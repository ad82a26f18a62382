import type { FaultHooks, FaultParts } from "./fault-injector.js";
import type { Fault } from "./fault-schema.js";

/**
 * Restarts the agent as its clients see it: every connection breaks, nothing listens for a while, the event buffer is empty. With its
 * state the tasks live on, as Nomad's client leaves them alone; without it everything is gone.
 */
export function restartAgent(
  parts: FaultParts,
  hooks: FaultHooks | undefined,
  fault: Extract<Fault, { fault: "restart-agent" }>,
): void {
  if (hooks === undefined) return;
  const port = Number(parts.node.address.slice(parts.node.address.lastIndexOf(":") + 1));
  // The request that asked for it is answered first.
  setTimeout(() => {
    void (async () => {
      await hooks.server.close();
      parts.store.events.clear();
      if (!fault.keepState) {
        parts.scheduler.stop();
        const ended = parts.client.close();
        parts.store.reset();
        parts.placer.clear();
        await ended;
      }
      await new Promise((resolve) => setTimeout(resolve, fault.downFor));
      await hooks.listen(port);
    })().catch((error: unknown) => {
      parts.settings.logger.error("the agent could not be restarted", { error });
    });
  }, 20);
}
