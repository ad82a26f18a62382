import type { ListenAddress } from "./api/http/listen.js";
import type { ApiOptions } from "./api/options.js";
import { buildVersion } from "./config/build-version.js";
import type { Config } from "./config/schema.js";
import type { NomadOptions, NomadTlsFiles } from "./nomad/options.js";

/** What the API takes from the configuration. */
export function apiOptions({ server, sentry }: Config, sockets: readonly number[] = []): ApiOptions {
  return {
    address: server.address,
    port: server.port,
    sockets,
    token: server.token,
    bodyLimit: server.bodylimit,
    bodyBudget: server.bodybudget,
    trustProxy: server.trustproxy,
    rateLimit: server.ratelimit,
    ...(server.tls.active && { tls: { minVersion: server.tls.minversion } }),
    version: sentry.release || buildVersion().version,
    loggingFilterToken: server.loggingfiltertoken,
  };
}

const tlsFiles = ({ cafile, certfile, keyfile }: Config["nomad"]["tls"]): NomadTlsFiles => ({
  ...(cafile && { caFile: cafile }),
  ...(certfile && { certFile: certfile }),
  ...(keyfile && { keyFile: keyfile }),
});

/** Where `/metrics` has a listener of its own; undefined: it is on the API's port. */
export function metricsAddress({ server }: Config): ListenAddress | undefined {
  const { address, port } = server.metrics;
  return port === undefined ? undefined : { address: address || "127.0.0.1", port };
}

/** What the Nomad client takes from the configuration. */
export function nomadOptions({ nomad }: Config): NomadOptions {
  return {
    address: nomad.address.replace(/^\[(.*)\]$/, "$1"),
    port: nomad.port,
    ...(nomad.token && { token: nomad.token }),
    namespace: nomad.namespace,
    ...(nomad.tls.active && { tls: tlsFiles(nomad.tls) }),
    connections: nomad.connections,
  };
}
