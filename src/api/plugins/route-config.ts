import "fastify";

declare module "fastify" {
  interface FastifyContextConfig {
    /** The route's name in metrics (configuration.md, "a request"). */
    readonly name?: string;
    /** Needs no token. */
    readonly open?: boolean;
    /** Answers before the recovery is done. */
    readonly beforeReady?: boolean;
  }
  interface FastifyRequest {
    /** Bytes of the body that were read. */
    bodySize: number;
    /** The connection became a WebSocket. */
    upgraded: boolean;
  }
}
