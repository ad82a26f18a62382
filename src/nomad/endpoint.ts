/** A host and a port that a connection goes to. IPv6 addresses without brackets. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, with brackets around an IPv6 address; also the key by which connections are counted. */
export function authorityOf(endpoint: Endpoint): string {
  const host = endpoint.host.includes(":") ? `[${endpoint.host}]` : endpoint.host.toLowerCase();
  return `${host}:${endpoint.port}`;
}

/** Parses `host:port` as Nomad writes a node's `HTTPAddr`; undefined when it is something else. */
export function parseAuthority(text: string): Endpoint | undefined {
  const match = /^(?:\[([0-9a-fA-F:.%]+)\]|([^[\]:/@\s]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}
