import type { FastifyInstance } from "fastify";
import { sendJsonText } from "../answers.js";
import { openApiDocument } from "../openapi/document.js";
import { openApiPage } from "../openapi/page.js";
import type { RouteContext } from "./context.js";
import { BASE } from "./paths.js";

/** The OpenAPI document and its page; open, since a browser cannot send the token (rest-api.md, "Authentication"). */
export function addOpenApiRoutes(app: FastifyInstance, { options }: RouteContext): void {
  const document = openApiDocument(options.version);
  const text = JSON.stringify(document);
  const page = Buffer.from(openApiPage(document));
  const config = { open: true, beforeReady: true };

  app.get(`${BASE}/openapi.json`, { config }, (_request, reply) => sendJsonText(reply, 200, text));

  app.get(`${BASE}/docs`, { config }, (_request, reply) =>
    reply
      .header("content-type", "text/html; charset=utf-8")
      .header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'")
      .send(page),
  );
}
