import {
  amount,
  flag,
  integer,
  oneOf,
  optionalInteger,
  port,
  ratio,
  seconds,
  section,
  text,
} from "./keys.js";

const BYTES = [1, Number.MAX_SAFE_INTEGER] as const;

/** `server.*`: the API, its limits and its alert (configuration.md). */
export const serverSection = section({
  address: text("127.0.0.1", "Address on which the API listens. Empty, `0.0.0.0` or `[::]`: all interfaces."),
  port: port(7200, "Port on which the API listens. 0: any free one, named in the log."),
  systemdsocketactivation: flag(
    false,
    "Take the listening sockets that systemd passes (`LISTEN_FDS`) instead of opening one. Without any the start fails.",
  ),
  token: text(
    "",
    "Clients must send this text in the header `Poseidon-Token`, except to `/health`, `/version` and the OpenAPI document. Empty: no token is asked for.",
    { secret: true },
  ),
  tls: section({
    active: flag(false, "Serve the API over TLS."),
    cafile: text("", "Certificate authority with which the server checks itself in its own health check."),
    certfile: text(
      "",
      "Path of the server's certificate in PEM, with those between it and its authority. Read again at SIGHUP and when it changes.",
    ),
    keyfile: text("", "Path of the certificate's key in PEM."),
    minversion: oneOf(["1.2", "1.3"], "1.3", "Oldest TLS version that is accepted."),
  }),
  interactivestderr: flag(true, "Send the stderr of interactive executions apart from their stdout."),
  templatejobfile: text(
    "",
    "Path of a job file (JSON, or HCL where Nomad can parse it) that replaces the built-in template job.",
  ),
  alert: section({
    prewarmingpoolthreshold: ratio(
      0,
      "`/health` answers 503 while an environment's idle runners are fewer than this share of its pool. 0: never.",
      { below: true },
    ),
    prewarmingpoolreloadtimeout: seconds(
      0,
      0,
      "Seconds after which an environment that stays below the threshold is read from Nomad again. 0: never.",
    ),
  }),
  loggingfiltertoken: text(
    "",
    "Requests with the user agent `Poseidon/<any> (<this text>)` are logged at trace level only. Empty: a random one at each start.",
    { secret: true, shown: "random" },
  ),
  bodylimit: integer(268_435_456, BYTES, "Bytes of the largest request body; past it the answer is 413."),
  bodybudget: integer(
    536_870_912,
    BYTES,
    "Bytes of all request bodies that are being read; past it further ones wait until there is room.",
  ),
  executionttl: seconds(3600, 1, "Seconds after which an execution that nobody opened is forgotten."),
  shutdowntimeout: seconds(15, 0, "Seconds that running requests and executions get at a stop."),
  trustproxy: flag(
    false,
    "Believe `X-Forwarded-Proto`, `X-Forwarded-Host` and the last address in `X-Forwarded-For`. Only behind a proxy that sets them.",
  ),
  ratelimit: amount(
    0,
    "Requests a second per client address, past which the answer is 429. Requests of claimed runners are never refused. 0: no limit.",
  ),
  metrics: section({
    address: text(
      "",
      "Address of the listener of `server.metrics.port`. Empty: the loopback address alone (127.0.0.1).",
    ),
    port: optionalInteger(
      [0, 65_535],
      "Port of a listener for `/metrics` alone, without token. Unset: `/metrics` is on the API's port, with token.",
    ),
  }),
});
