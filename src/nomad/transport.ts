import { type buildConnector, Client, Pool } from "undici";
import { type MetricsSink, noMetrics } from "../telemetry/metrics-sink.js";
import { shareConnections } from "./connection-shares.js";
import { authorityOf, type Endpoint } from "./endpoint.js";
import type { NomadOptions } from "./options.js";
import { readTlsMaterial, type TlsMaterial } from "./tls.js";

/** A connection that is not there after this time is an error. */
export const connectTimeout = 1_000;

/** Idle API connections are kept this long, so that a mark on a claim needs no handshake. */
const keepAlive = 30_000;

/**
 * The connections to Nomad's configured address and what goes with each request: origin, token, namespace, certificates. `start`
 * reads the certificates, `reload` reads them again and lets running calls end on the old connections.
 */
export class NomadTransport {
  readonly options: NomadOptions;
  readonly metrics: MetricsSink;
  readonly endpoint: Endpoint;
  #tls: TlsMaterial = {};
  #pool: Pool | undefined;

  constructor(options: NomadOptions, { metrics = noMetrics }: { readonly metrics?: MetricsSink } = {}) {
    this.options = options;
    this.metrics = metrics;
    this.endpoint = { host: options.address, port: options.port };
  }

  /** Whether connections are https and wss. */
  get secure(): boolean {
    return this.options.tls !== undefined;
  }

  /** The certificates as they were last read. */
  get tls(): TlsMaterial {
    return this.#tls;
  }

  /** Headers of every request. Holds the token: never log it. */
  get headers(): Readonly<Record<string, string>> {
    const { token } = this.options;
    return token ? { "x-nomad-token": token } : {};
  }

  /** Reads the certificates and makes the pool; idempotent. Rejects when a certificate cannot be read. */
  async start(): Promise<void> {
    if (this.#pool === undefined) await this.reload();
  }

  /** Reads the certificates again for all connections to come. On an error the old ones stay. */
  async reload(): Promise<void> {
    this.#tls = await readTlsMaterial(this.options.tls ?? {});
    const old = this.#pool;
    this.#pool = new Pool(this.#origin, {
      connect: this.#connect,
      connections: shareConnections(this.options.connections).api,
      pipelining: 1,
      keepAliveTimeout: keepAlive,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    // Ends by itself once the calls in flight are done; each of them is bounded.
    void old?.close();
  }

  /** Cuts all API connections; idempotent. Calls that still run fail as unreachable. */
  async stop(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.destroy();
  }

  /** The connections for API calls. Throws before `start`. */
  get pool(): Pool {
    if (this.#pool === undefined) throw new Error("the connection to Nomad was not started");
    return this.#pool;
  }

  /** A single connection for a stream; `silence` (ms) without a byte ends it. The caller destroys it. */
  streamConnection(options: { readonly silence: number }): Client {
    return new Client(this.#origin, {
      connect: this.#connect,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: options.silence,
    });
  }

  get #origin(): string {
    return `${this.secure ? "https" : "http"}://${authorityOf(this.endpoint)}`;
  }

  get #connect(): buildConnector.BuildOptions {
    return { timeout: connectTimeout, ...this.#tls };
  }
}
