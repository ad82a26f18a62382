import { AsyncLocalStorage } from "node:async_hooks";

/** What is known of the request on whose behalf code runs. */
export interface RequestContext {
  readonly requestId: string;
}

/** The request that the current asynchronous call chain serves, so that each of its log lines can carry the request's id. */
export const requestContext = new AsyncLocalStorage<RequestContext>();
