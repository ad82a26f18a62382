import { flag, integer, oneOf, ratio, section, text, texts } from "./keys.js";

const later = { later: true } as const;
const secret = { later: true, secret: true } as const;
const ANY_INTEGER = [0, 2_147_483_647] as const;

/** `aws.*`: environments on AWS Lambda. */
export const awsSection = section({
  enabled: flag(false, "Use AWS Lambda as a further executor.", later),
  endpoint: text("", "WebSocket URL of the API gateway.", later),
  functions: texts("Names of the Lambda functions; each is an environment's image.", later),
});

/** `logger.*` */
export const loggerSection = section({
  level: oneOf(
    ["panic", "fatal", "error", "warn", "warning", "info", "debug", "trace"],
    "info",
    "Least severe level that is logged, in any case. Requests are logged at debug.",
    { shown: "INFO" },
  ),
  formatter: oneOf(
    ["TextFormatter", "JSONFormatter"],
    "TextFormatter",
    "Form of the log lines: `TextFormatter` (`key=value`) or `JSONFormatter` (an object a line).",
  ),
});

/** `profiling.*` */
export const profilingSection = section({
  cpuenabled: flag(false, "Record a CPU profile.", later),
  cpufile: text("", "File that the CPU profile is written to.", later),
  memoryinterval: integer(
    0,
    ANY_INTEGER,
    "Milliseconds between two looks at the heap's size. 0: none.",
    later,
  ),
  memorythreshold: integer(
    1000,
    ANY_INTEGER,
    "Size of the heap in MB (10^6 bytes) past which there is a warning.",
    later,
  ),
});

/** `sentry.*`: error reports and traces. Other keys of its SDK are accepted too (SENTRY_SDK_KEYS). */
export const sentrySection = section({
  dsn: text("", "DSN of the Sentry project. Empty: Sentry is off.", secret),
  environment: text("", "Environment that is sent with events.", later),
  release: text(
    "",
    "Release that is sent with events, and the answer of `/version`. Empty: the package's own version.",
  ),
  debug: flag(false, "Print what the Sentry client does.", later),
  enabletracing: flag(false, "Send traces.", later),
  tracessamplerate: ratio(0, "Share of the requests that are traced.", later),
  profilessamplerate: ratio(0, "Share of the traces that are profiled.", later),
});

/** Keys of Sentry's Go SDK that a configuration file may have; they have no effect here and are no warning. */
export const SENTRY_SDK_KEYS: ReadonlySet<string> = new Set([
  "attachstacktrace",
  "cacerts",
  "disablelogs",
  "disablemetrics",
  "dist",
  "enablelogs",
  "httpproxy",
  "httpsproxy",
  "ignoreerrors",
  "ignoretransactions",
  "maxbreadcrumbs",
  "maxerrordepth",
  "maxspans",
  "orgid",
  "samplerate",
  "senddefaultpii",
  "servername",
  "stricttracecontinuation",
  "tags",
  "tracepropagationtargets",
]);

/** `influxdb.*`: points for InfluxDB, version 2. */
export const influxdbSection = section({
  url: text("", "URL of the InfluxDB server. Empty: no points are sent.", later),
  token: text("", "Token for InfluxDB.", secret),
  organization: text("", "Organization in InfluxDB.", later),
  bucket: text("", "Bucket that the points are written to.", later),
  stage: text("", "Tag `stage` of every point.", later),
});
