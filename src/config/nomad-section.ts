import {
  flag,
  host,
  integer,
  map,
  optionalInteger,
  pattern,
  port,
  ports,
  seconds,
  section,
  text,
  texts,
} from "./keys.js";

const COUNT = [0, 1_000_000] as const;

/** `nomad.network.*`: the network of runners with network access, handed to Nomad as it is (nomad.md). */
const networkSection = section({
  mode: pattern(
    "bridge",
    { regex: /^(bridge|host|none|cni\/.+)?$/, allowed: "bridge, host, none or cni/NAME" },
    "Network mode of runners with network access.",
  ),
  device: text("", "Network device that Nomad is asked for."),
  ip: text("", "IP address that Nomad is asked for."),
  cidr: text("", "CIDR that Nomad is asked for."),
  mbits: optionalInteger(COUNT, "Bandwidth in MBit/s that Nomad is asked for."),
  hostname: text("", "Host name of the runners."),
  dns: section({
    servers: texts("DNS servers of the runners."),
    searches: texts("DNS search domains of the runners."),
    options: texts("DNS options of the runners."),
  }),
  cni: section({ args: map("Arguments for the CNI plugins.") }),
  reservedports: ports("Static ports of every runner with network access."),
  dynamicports: ports("Dynamic ports of every runner with network access; exposed ports are added."),
});

/** `nomad.*`: the cluster that runs the runners (configuration.md). */
export const nomadSection = section({
  enabled: flag(true, "Use Nomad. With false only AWS environments exist."),
  address: host("127.0.0.1", "The Nomad agent to talk to."),
  port: port(4646, "Port of that agent's HTTP API."),
  token: text("", "Nomad token for all calls. Empty: none is sent.", { secret: true }),
  namespace: text("default", "Nomad namespace of all jobs."),
  tls: section({
    active: flag(false, "Talk to Nomad over https."),
    cafile: text(
      "",
      "Certificate authority with which Nomad's certificate is checked. Empty: those of the system. All three files are read again at SIGHUP.",
    ),
    certfile: text("", "Path of the server's own certificate for Nomad (mTLS)."),
    keyfile: text("", "Path of that certificate's key."),
  }),
  disableforcepull: flag(
    false,
    "Never ask for an image to be pulled again. For images that exist on the nodes alone.",
  ),
  network: networkSection,
  warm: integer(
    2,
    COUNT,
    "Runners per environment that are reserved and kept warm, so that a claim needs no call. 0: each claim marks for itself.",
  ),
  connections: integer(
    90,
    COUNT,
    "Connections to one Nomad address, all together. Nomad itself allows 100 per client by default. 0: no limit.",
  ),
  snapshotinterval: seconds(60, 1, "Seconds between two full comparisons with Nomad."),
});
