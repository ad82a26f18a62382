import type { FastifyInstance } from "fastify";
import type { MetricsText } from "../options.js";

/** `/metrics` on the API's port; needs the token, if there is one (configuration.md, `server.metrics`). */
export function addMetricsRoute(app: FastifyInstance, metrics: () => Promise<MetricsText>): void {
  app.get("/metrics", { config: { beforeReady: true } }, async (_request, reply) => {
    const { contentType, body } = await metrics();
    return reply.header("content-type", contentType).send(Buffer.from(body));
  });
}
