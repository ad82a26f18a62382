import type { EnvironmentService } from "../environment/service.js";
import type { RunnerService } from "../runner/handle.js";
import type { Logger } from "../telemetry/logger.js";

/** A certificate in PEM, for TLS on the API's port (configuration.md, `server.tls`). */
export interface ServerCertificate {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

/** What the API takes from the configuration; see configuration.md for each key. Sizes in bytes. */
export interface ApiOptions {
  /** `server.address`; empty: all interfaces. IPv6 with or without brackets. */
  readonly address: string;
  /** `server.port`; 0: any free one. */
  readonly port: number;
  /** Descriptors of listening sockets to take in place of address and port (`server.systemdsocketactivation`). */
  readonly sockets?: readonly number[];
  /** `server.token`; empty: no authentication. */
  readonly token: string;
  /** Serve over TLS; `websocketUrl` is `wss` then. The certificate may come later (`setCertificate`), but before the first client. */
  readonly tls?: Partial<ServerCertificate> & { readonly minVersion: "1.2" | "1.3" };
  readonly bodyLimit: number;
  readonly bodyBudget: number;
  readonly trustProxy: boolean;
  /** Requests a second per client address; 0: no limit. */
  readonly rateLimit?: number;
  /** What `GET /version` answers; undefined: 404. */
  readonly version: string | undefined;
  readonly loggingFilterToken: string;
}

/** What the rest of the server tells the API about itself. */
export interface ApiState {
  /** The recovery is done. Until then most routes answer 500 `NOMAD_UNREACHABLE` (lifecycle.md, "Start"). */
  ready(): boolean;
}

/** One served request, for metrics. `route` is a route's name, e.g. `provideRunner`; unknown paths are not told. */
export interface ServedRequest {
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly durationMs: number;
  readonly runnerId: string | undefined;
  readonly environmentId: string | undefined;
  /** Bytes of the request's body. */
  readonly requestSize: number;
}

/** The text of `/metrics`. */
export interface MetricsText {
  readonly contentType: string;
  readonly body: string;
}

/** All that the API is made of. */
export interface ApiDependencies {
  readonly environments: EnvironmentService;
  readonly runners: RunnerService;
  readonly options: ApiOptions;
  readonly state: ApiState;
  readonly logger: Logger;
  /** Serves `/metrics` on the API's port. Undefined: 404 there. */
  readonly metrics?: () => Promise<MetricsText>;
  readonly onServed?: (request: ServedRequest) => void;
}
