import type { Logger } from "./logger.js";

const nothing = (): void => undefined;

/** A logger that writes nothing, for callers that have none. */
export const silentLogger: Logger = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLogger,
};
