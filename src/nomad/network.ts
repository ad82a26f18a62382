import type { NetworkResource, Port } from "./wire.js";

/** A port of `nomad.network.reservedports` or `.dynamicports`. */
export interface ConfiguredPort {
  readonly label: string;
  readonly value?: number | undefined;
  readonly to?: number | undefined;
  readonly hostnetwork?: string | undefined;
}

/** The configured group network of environments with network access (`nomad.network.*`, configuration.md). */
export interface NetworkOptions {
  readonly mode: string;
  readonly hostname?: string | undefined;
  readonly device?: string | undefined;
  readonly ip?: string | undefined;
  readonly cidr?: string | undefined;
  readonly mbits?: number | undefined;
  readonly dns: {
    readonly servers: readonly string[];
    readonly searches: readonly string[];
    readonly options: readonly string[];
  };
  readonly cni: { readonly args: Readonly<Record<string, string>> };
  readonly reservedports: readonly ConfiguredPort[];
  readonly dynamicports: readonly ConfiguredPort[];
}

/** The group network that maps `exposedPorts`, in their order, behind the configured ports. */
export function groupNetwork(options: NetworkOptions, exposedPorts: readonly number[]): NetworkResource {
  const exposed = exposedPorts.map((port) => ({ Label: String(port), To: port }));
  return {
    Mode: options.mode,
    ...given("Hostname", options.hostname),
    ...given("Device", options.device),
    ...given("IP", options.ip),
    ...given("CIDR", options.cidr),
    ...given("MBits", options.mbits),
    ...given("DNS", dns(options)),
    ...given("CNI", Object.keys(options.cni.args).length > 0 ? { Args: options.cni.args } : undefined),
    ReservedPorts: options.reservedports.map(toPort),
    DynamicPorts: [...options.dynamicports.map(toPort), ...exposed],
  };
}

/** The exposed ports that `groupNetwork` stored: those whose label is their number inside. */
export function exposedPortsOf(networks: readonly NetworkResource[] | null | undefined): number[] {
  const ports = (networks ?? []).flatMap((network) => network.DynamicPorts ?? []);
  return ports.flatMap(({ Label, To }) => (To !== undefined && To > 0 && Label === String(To) ? [To] : []));
}

function dns({ dns: { servers, searches, options } }: NetworkOptions): object | undefined {
  if (servers.length + searches.length + options.length === 0) return undefined;
  return { Servers: servers, Searches: searches, Options: options };
}

function toPort(port: ConfiguredPort): Port {
  return {
    Label: port.label,
    ...given("Value", port.value),
    ...given("To", port.to),
    ...given("HostNetwork", port.hostnetwork),
  };
}

/** `{[name]: value}`, or nothing where there is no value: Nomad shall use its own default then. */
function given<Name extends string, Value>(name: Name, value: Value | undefined): { [key in Name]?: Value } {
  if (value === undefined || value === "" || value === 0) return {};
  return { [name]: value } as { [key in Name]?: Value };
}
