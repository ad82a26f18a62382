import type { ApiOptions } from "./api/options.js";
import { buildVersion } from "./config/build-version.js";
import type { Config } from "./config/schema.js";
import type { NomadOptions } from "./nomad/options.js";

/** What the API takes from the configuration. */
export function apiOptions({ server, sentry }: Config): ApiOptions {
  return {
    address: server.address,
    port: server.port,
    token: server.token,
    bodyLimit: server.bodylimit,
    bodyBudget: server.bodybudget,
    trustProxy: server.trustproxy,
    version: sentry.release || buildVersion().version,
    loggingFilterToken: server.loggingfiltertoken,
  };
}

/** What the Nomad client takes from the configuration. */
export function nomadOptions({ nomad }: Config): NomadOptions {
  return {
    address: nomad.address.replace(/^\[(.*)\]$/, "$1"),
    port: nomad.port,
    ...(nomad.token && { token: nomad.token }),
    namespace: nomad.namespace,
    connections: nomad.connections,
  };
}
