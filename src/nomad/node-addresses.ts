import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { sleep } from "../lib/sleep.js";
import { withDeadline } from "../lib/with-deadline.js";
import type { Logger } from "../telemetry/logger.js";
import type { NomadClient } from "./client.js";
import { type Endpoint, parseAuthority } from "./endpoint.js";
import { isNomadError } from "./errors.js";
import type { NodeInfo } from "./wire.js";

/** A node that cannot be reached at its own address is not tried there again for this time, in ms. */
const failureMemory = 5 * 60_000;

/** A look-up may take this long, in ms; then the way over the server is the faster one. */
const lookupTimeout = 1_000;

/** How long the server's name may take to be resolved, in ms. */
const nameTimeout = 500;

/** Nodes remembered; those that are gone are forgotten when there are more. */
const mostNodes = 10_000;

interface Known {
  /** Undefined: go over the server. */
  readonly endpoint: Endpoint | undefined;
  /** When to look again, in ms of `now`. */
  readonly until: number;
}

/** What the addresses of nodes are found with. */
export interface NodeAddressesOptions {
  readonly client: Pick<NomadClient, "readNode">;
  readonly server: Endpoint;
  /** Whether our connections are TLS: then a node without TLS is not spoken to, the token would be readable. */
  readonly secure: boolean;
  readonly logger: Logger;
  /** A monotonic clock in ms. */
  readonly now?: () => number;
}

/**
 * The nodes' own HTTP addresses, so that an exec session needs no detour over a server (nomad.md, "Exec sessions"). Each node is
 * looked up once; a failure is remembered too, for 5 min.
 */
export class NodeAddresses {
  readonly #options: NodeAddressesOptions;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();
  readonly #running = new Map<string, Promise<Endpoint | undefined>>();
  #serverHosts: Promise<readonly string[]> | undefined;
  #forbiddenUntil = 0;
  #forbiddenSaid = false;

  constructor(options: NodeAddressesOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** The address of a node; undefined where sessions have to go over the server. Never rejects; takes 1.5 s at most. */
  async addressOf(nodeId: string): Promise<Endpoint | undefined> {
    const now = this.#now();
    const known = this.#known.get(nodeId);
    if (known !== undefined && known.until > now) return known.endpoint;
    if (now < this.#forbiddenUntil) return undefined;
    let running = this.#running.get(nodeId);
    if (running === undefined) {
      running = this.#look(nodeId).finally(() => this.#running.delete(nodeId));
      this.#running.set(nodeId, running);
    }
    return await running;
  }

  /** Remembers that a node cannot be reached at its own address. */
  failed(nodeId: string): void {
    this.#remember(nodeId, undefined);
  }

  async #look(nodeId: string): Promise<Endpoint | undefined> {
    try {
      const node = await withDeadline(lookupTimeout, (signal) =>
        this.#options.client.readNode(nodeId, { signal }),
      );
      const endpoint = node && (await this.#ownAddress(node));
      this.#remember(nodeId, endpoint);
      return endpoint;
    } catch (error) {
      // While Nomad cannot be reached nothing is learnt about its nodes.
      if (isNomadError(error, "refused")) this.#refused();
      return undefined;
    }
  }

  #remember(nodeId: string, endpoint: Endpoint | undefined): void {
    this.#known.delete(nodeId);
    const until = endpoint === undefined ? this.#now() + failureMemory : Number.POSITIVE_INFINITY;
    this.#known.set(nodeId, { endpoint, until });
    const [oldest] = this.#known.keys();
    if (this.#known.size > mostNodes && oldest !== undefined) this.#known.delete(oldest);
  }

  #refused(): void {
    this.#forbiddenUntil = this.#now() + failureMemory;
    if (this.#forbiddenSaid) return;
    this.#forbiddenSaid = true;
    this.#options.logger.info(
      "Nomad does not tell the addresses of nodes (ACL node:read): exec sessions go over the server",
    );
  }

  async #ownAddress(node: NodeInfo): Promise<Endpoint | undefined> {
    const endpoint = parseAuthority(node.HTTPAddr);
    if (endpoint === undefined || (node.TLSEnabled ?? false) !== this.#options.secure) return undefined;
    return (await this.#isServer(endpoint)) ? undefined : endpoint;
  }

  /** Whether the node is the agent that we speak to anyway: then its connections count together. */
  async #isServer(endpoint: Endpoint): Promise<boolean> {
    const { server } = this.#options;
    if (endpoint.port !== server.port) return false;
    if (endpoint.host === server.host) return true;
    if (isIP(server.host)) return false;
    this.#serverHosts ??= lookup(server.host, { all: true }).then(
      (found) => found.map(({ address }) => address),
      () => [],
    );
    // A slow name server must not hold up the session; then the node's address is tried as any other.
    const none: readonly string[] = [];
    const hosts = await Promise.race([this.#serverHosts, sleep(nameTimeout).then(() => none)]);
    return hosts.includes(endpoint.host);
  }
}
