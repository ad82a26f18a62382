import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { laterTable } from "../../../src/config/documentation.js";
import { resolveConfig } from "../../../src/config/resolve.js";
import { configKeys, configSchema } from "../../../src/config/schema.js";

/** Every key of the Go service: its default, and the test (a file below test/, a part of a name) that shows its effect; none: it comes later. */
const GO_KEYS: Readonly<Record<string, readonly [fallback: unknown, file?: string, name?: string]>> = {
  "server.address": ["127.0.0.1", "api/operation/configuration.test.ts", "server.address and server.port"],
  "server.port": [7200, "api/operation/configuration.test.ts", "server.address and server.port"],
  "server.systemdsocketactivation": [
    false,
    "api/operation/hand-over.test.ts",
    "no claim fails while a server",
  ],
  "server.token": ["", "api/operation/listening.test.ts", "metrics are on the API's port with token"],
  "server.tls.active": [false, "api/operation/tls.test.ts", "a certificate is exchanged under load"],
  "server.tls.cafile": ["", "api/operation/configuration.test.ts", "server.tls.cafile is whom"],
  "server.tls.certfile": ["", "api/operation/tls.test.ts", "a start without a usable certificate"],
  "server.tls.keyfile": ["", "api/operation/tls.test.ts", "a start without a usable certificate"],
  "server.interactivestderr": [true, "api/suite/executions.ts", "the terminal makes line ends CR LF"],
  "server.templatejobfile": [
    "",
    "api/lifecycle/answers.test.ts",
    "in JSON is what environments are made from",
  ],
  "server.alert.prewarmingpoolthreshold": [
    0,
    "api/lifecycle/answers.test.ts",
    "is 503 while idle ÷ size is below",
  ],
  "server.alert.prewarmingpoolreloadtimeout": [
    0,
    "api/lifecycle/upkeep.test.ts",
    "is 503 on health, warned of",
  ],
  "server.loggingfiltertoken": [
    "",
    "api/operation/configuration.test.ts",
    "server.loggingfiltertoken: requests",
  ],
  "nomad.enabled": [true, "api/lifecycle/answers.test.ts", "no environment can be made, and none is there"],
  "nomad.address": [
    "127.0.0.1",
    "api/operation/configuration.test.ts",
    "nomad.address, port, token, namespace",
  ],
  "nomad.port": [4646, "api/operation/configuration.test.ts", "nomad.address, port, token, namespace"],
  "nomad.token": ["", "api/operation/configuration.test.ts", "nomad.address, port, token, namespace"],
  "nomad.namespace": [
    "default",
    "api/operation/configuration.test.ts",
    "nomad.address, port, token, namespace",
  ],
  "nomad.tls.active": [false, "api/operation/configuration.test.ts", "nomad.address, port, token, namespace"],
  "nomad.tls.cafile": ["", "api/operation/configuration.test.ts", "nomad.address, port, token, namespace"],
  "nomad.tls.certfile": ["", "api/operation/configuration.test.ts", "nomad.address, port, token, namespace"],
  "nomad.tls.keyfile": ["", "api/operation/configuration.test.ts", "nomad.address, port, token, namespace"],
  "nomad.disableforcepull": [false, "api/lifecycle/answers.test.ts", "are never pulled again"],
  "nomad.network.mode": ["bridge", "api/operation/configuration.test.ts", "each key of nomad.network"],
  "nomad.network.dns.servers": [[], "api/operation/configuration.test.ts", "each key of nomad.network"],
  "nomad.network.dns.searches": [[], "api/operation/configuration.test.ts", "each key of nomad.network"],
  "nomad.network.dns.options": [[], "api/operation/configuration.test.ts", "each key of nomad.network"],
  "nomad.network.hostname": ["", "api/operation/configuration.test.ts", "each key of nomad.network"],
  "nomad.network.device": ["", "api/operation/configuration.test.ts", "each key of nomad.network"],
  "nomad.network.ip": ["", "api/operation/configuration.test.ts", "each key of nomad.network"],
  "nomad.network.cidr": ["", "api/operation/configuration.test.ts", "each key of nomad.network"],
  "nomad.network.mbits": [undefined, "api/operation/configuration.test.ts", "each key of nomad.network"],
  "nomad.network.cni.args": [{}, "api/operation/configuration.test.ts", "each key of nomad.network"],
  "nomad.network.reservedports": [[], "api/operation/configuration.test.ts", "each key of nomad.network"],
  "nomad.network.dynamicports": [[], "api/operation/configuration.test.ts", "each key of nomad.network"],
  "aws.enabled": [false],
  "aws.endpoint": [""],
  "aws.functions": [[]],
  "logger.level": ["info", "unit/telemetry/create-logger.test.ts", "%s lets %i lines through"],
  "logger.formatter": ["TextFormatter", "unit/telemetry/create-logger.test.ts", "writes logrus' form"],
  "profiling.cpuenabled": [false],
  "profiling.cpufile": [""],
  "profiling.memoryinterval": [0],
  "profiling.memorythreshold": [1000],
  "sentry.dsn": [""],
  "sentry.environment": [""],
  "sentry.release": ["", "api/lifecycle/answers.test.ts", "is the configured release, else the build's own"],
  "sentry.debug": [false],
  "sentry.enabletracing": [false],
  "sentry.tracessamplerate": [0],
  "sentry.profilessamplerate": [0],
  "influxdb.url": [""],
  "influxdb.token": [""],
  "influxdb.organization": [""],
  "influxdb.bucket": [""],
  "influxdb.stage": [""],
};

/** Keys of ours (configuration.md): the Go service does not have them. */
const OURS = [
  "server.tls.minversion",
  "server.bodylimit",
  "server.bodybudget",
  "server.executionttl",
  "server.shutdowntimeout",
  "server.trustproxy",
  "server.ratelimit",
  "server.metrics.address",
  "server.metrics.port",
  "nomad.warm",
  "nomad.connections",
  "nomad.snapshotinterval",
];

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const defaults: unknown = configSchema.parse({});
const defaultOf = (path: readonly string[]) =>
  path.reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], defaults);

it("the keys are those of the Go service and ours", () => {
  expect(configKeys.map(({ name }) => name).sort()).toEqual([...Object.keys(GO_KEYS), ...OURS].sort());
});

describe.each(Object.entries(GO_KEYS))("%s", (name, [fallback, file, title]) => {
  const key = configKeys.find((one) => one.name === name);
  const inTable = laterTable().includes(`| \`${name}\` |`);

  it("has its default, as the documents show it", () => {
    expect(defaultOf(name.split("."))).toEqual(fallback);
    const shown = key?.shown.replace(/^(INFO|random)$/, (word) => (word === "INFO" ? "info" : "")) ?? "";
    const expected = typeof fallback === "object" || fallback === undefined ? "" : String(fallback);
    expect(shown).toBe(expected);
  });

  if (file === undefined || title === undefined) {
    it("stands in the table of keys that come later, and is accepted", () => {
      expect(key?.later).toBe(true);
      expect(inTable).toBe(true);
      expect(read("docs/configuration.md")).toContain(laterTable());
    });
  } else {
    it("has a test of its effect", () => {
      expect(key?.later).toBe(false);
      expect(inTable).toBe(false);
      expect(read(`test/${file}`)).toContain(title);
    });
  }
});

it("a variable reaches every key that can have one", () => {
  const samples: Readonly<Record<string, string>> = {
    text: "sample",
    integer: "7",
    number: "0.25",
    boolean: "true",
    texts: "sample",
  };
  const words: Readonly<Record<string, string>> = {
    "logger.level": "debug",
    "logger.formatter": "JSONFormatter",
    "server.tls.minversion": "1.2",
    "nomad.network.mode": "host",
    "nomad.enabled": "false",
    "server.interactivestderr": "false",
  };
  for (const { name, variable, kind, path } of configKeys) {
    const value = words[name] ?? samples[kind];
    if (value === undefined) continue;
    const { config } = resolveConfig({
      file: { path: "", text: undefined },
      environment: {
        [variable]: value,
        // What TLS needs with it.
        ...(name.endsWith("tls.active") && {
          POSEIDON_SERVER_TLS_CERTFILE: "c",
          POSEIDON_SERVER_TLS_KEYFILE: "k",
        }),
        ...(name === "nomad.tls.certfile" && { POSEIDON_NOMAD_TLS_KEYFILE: "k" }),
        ...(name === "nomad.tls.keyfile" && { POSEIDON_NOMAD_TLS_CERTFILE: "c" }),
      },
      randomToken: () => "random",
    });
    const found = path.reduce<unknown>((part, step) => (part as Record<string, unknown>)[step], config);
    expect([name, String(found)]).toEqual([name, value]);
    expect(found).not.toEqual(defaultOf(path));
  }
});
