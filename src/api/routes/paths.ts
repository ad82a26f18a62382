/** Where the API lives; `/metrics` alone is outside. */
export const BASE = "/api/v1";

/** An environment's id: anything but digits is an unknown path. */
export const ENVIRONMENT_ID = ":id(^\\d+$)";

/** A runner's id: any text but none. */
export const RUNNER_ID = ":runnerId(^.+$)";

/** Whether a request's URL is that of an execution's WebSocket. */
export const isWebSocketUrl = (url: string): boolean =>
  /^\/api\/v1\/runners\/[^/?]+\/websocket(\?|$)/.test(url);
