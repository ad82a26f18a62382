import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../src/config/errors.js";
import { resolveConfig } from "../../../src/config/resolve.js";
import { configKeys, configSchema } from "../../../src/config/schema.js";

const resolve = (text: string | undefined, environment: Record<string, string> = {}) =>
  resolveConfig({ file: { path: "configuration.yaml", text }, environment, randomToken: () => "random" });

const failure = (text: string | undefined, environment: Record<string, string> = {}): ConfigError => {
  try {
    resolve(text, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("the configuration was accepted");
};

describe("order", () => {
  it("has the defaults of the specification", () => {
    const { config, notices } = resolve(undefined);
    expect(config).toEqual({
      ...configSchema.parse({}),
      server: { ...configSchema.parse({}).server, loggingfiltertoken: "random" },
    });
    expect(config.server).toMatchObject({
      address: "127.0.0.1",
      port: 7200,
      token: "",
      interactivestderr: true,
      bodylimit: 268_435_456,
      bodybudget: 536_870_912,
      executionttl: 3600,
      shutdowntimeout: 15,
      trustproxy: false,
      ratelimit: 0,
      alert: { prewarmingpoolthreshold: 0, prewarmingpoolreloadtimeout: 0 },
      tls: { active: false, minversion: "1.3" },
    });
    expect(config.nomad).toMatchObject({
      enabled: true,
      address: "127.0.0.1",
      port: 4646,
      token: "",
      namespace: "default",
      disableforcepull: false,
      warm: 2,
      connections: 90,
      snapshotinterval: 60,
      network: { mode: "bridge" },
    });
    expect(config.logger).toEqual({ level: "info", formatter: "TextFormatter" });
    expect(config.profiling).toEqual({
      cpuenabled: false,
      cpufile: "",
      memoryinterval: 0,
      memorythreshold: 1000,
    });
    expect(notices).toEqual([
      {
        level: "info",
        message: "no configuration file, defaults hold",
        fields: { path: "configuration.yaml" },
      },
    ]);
  });

  it("prefers the variable to the file and the file to the default", () => {
    const { config } = resolve("server:\n  port: 1\n  address: a\n", { POSEIDON_SERVER_PORT: "2" });
    expect(config.server).toMatchObject({ port: 2, address: "a", executionttl: 3600 });
  });

  it("adds a variable's list to the file's and drops a pair of quotes", () => {
    const file = "aws:\n  functions: [a, b]\n";
    expect(resolve(file, { POSEIDON_AWS_FUNCTIONS: '"c d"' }).config.aws.functions).toEqual([
      "a",
      "b",
      "c",
      "d",
    ]);
    expect(resolve(file, { POSEIDON_AWS_FUNCTIONS: "" }).config.aws.functions).toEqual(["a", "b"]);
    expect(
      resolve(undefined, { POSEIDON_NOMAD_NETWORK_DNS_SERVERS: " 1.1.1.1  8.8.8.8 " }).config.nomad.network
        .dns.servers,
    ).toEqual(["1.1.1.1", "8.8.8.8"]);
  });

  it("lets an empty variable empty a text and leave all else as it is", () => {
    const file = "server: {token: t, port: 5, interactivestderr: no}\nlogger: {level: debug}\n";
    const { config } = resolve(file, {
      POSEIDON_SERVER_TOKEN: "",
      POSEIDON_SERVER_PORT: "",
      POSEIDON_SERVER_INTERACTIVESTDERR: "",
      POSEIDON_LOGGER_LEVEL: "",
    });
    expect(config.server).toMatchObject({ token: "", port: 5, interactivestderr: false });
    expect(config.logger.level).toBe("debug");
  });

  it("puts something usable in the place of empty and bracketed texts", () => {
    const { config } = resolve("server: {address: '[::]'}\nnomad: {address: '[::1]', namespace: ''}\n");
    expect(config.server.address).toBe("::");
    expect(config.server.loggingfiltertoken).toBe("random");
    expect(config.nomad).toMatchObject({ address: "::1", namespace: "default" });
  });
});

describe("the file", () => {
  it("of the Go service works as it is", () => {
    const text = readFileSync(new URL("fixtures/go-service.yaml", import.meta.url), "utf8");
    const { config, notices } = resolve(text);
    expect(config.server).toMatchObject({
      address: "0.0.0.0",
      port: 7201,
      token: "0123456789",
      interactivestderr: true,
      alert: { prewarmingpoolthreshold: 0.5, prewarmingpoolreloadtimeout: 600 },
      loggingfiltertoken: "filter-me",
    });
    expect(config.nomad).toMatchObject({ enabled: true, port: 4647, disableforcepull: true });
    expect(config.nomad.network).toEqual({
      mode: "cni/secure-bridge",
      device: "eth1",
      ip: "10.0.0.2",
      cidr: "10.0.0.0/24",
      mbits: 100,
      hostname: "runner",
      dns: { servers: ["1.1.1.1", "8.8.8.8"], searches: ["example.org"], options: ["ndots:2"] },
      cni: { args: { IgnoreUnknown: "1", speed: "010" } },
      reservedports: [{ label: "ssh", value: 2222, to: 22, hostnetwork: "public" }],
      dynamicports: [{ label: "web", value: 0, to: 80, hostnetwork: "" }],
    });
    expect(config.aws.functions).toEqual([]);
    expect(config.logger).toEqual({ level: "warning", formatter: "JSONFormatter" });
    expect(config.profiling).toMatchObject({ memoryinterval: 30_000, memorythreshold: 1000 });
    expect(config.sentry).toMatchObject({ release: "v1.2.3", tracessamplerate: 1, profilessamplerate: 0.1 });
    expect(notices.map(({ message }) => message)).toEqual([
      "configuration file read",
      "these configuration keys have no effect yet",
    ]);
  });

  it("may leave values, sections and everything out", () => {
    for (const text of ["", "# nothing\n", "---\n", "server:\n", "server:\n  token:\n  tls: ~\n"])
      expect(resolve(text).config.server).toMatchObject({ port: 7200, token: "" });
  });

  it("may use anchors, merge keys and further documents", () => {
    const text = "x: &base {port: 1, token: a}\nserver: {<<: *base, token: b}\n---\nserver: {port: 3}\n";
    expect(resolve(text).config.server).toMatchObject({ port: 1, token: "b" });
  });

  it("names an unknown key in a warning, but not those of Sentry's SDK", () => {
    const text =
      "server: {portt: 1, tls: {foo: {bar: 1}}}\nServer: {port: 1}\nsentry: {tags: {a: b}, what: 1}\n" +
      "nomad: {network: {dynamicports: [{label: a, tto: 1}]}}\n";
    const warnings = resolve(text).notices.filter(({ message }) => message === "unknown configuration key");
    expect(warnings.map(({ fields }) => fields.key)).toEqual([
      "server.portt",
      "server.tls.foo",
      "Server",
      "sentry.what",
      "nomad.network.dynamicports.tto",
    ]);
  });
});

describe("a variable that matches no key", () => {
  it("is a warning, without its value", () => {
    const { notices } = resolve(undefined, {
      POSEIDON_SERVER_TOKN: "hunter2",
      POSEIDON_SENTRY_SERVERNAME: "x",
      POSEIDON_NOMAD_NETWORK_CNI_ARGS: "only in the file",
      OTHER: "x",
    });
    const warnings = notices.filter(({ level }) => level === "warn");
    expect(warnings.map(({ fields }) => fields)).toEqual([
      { variable: "POSEIDON_SERVER_TOKN" },
      { variable: "POSEIDON_NOMAD_NETWORK_CNI_ARGS" },
    ]);
    expect(JSON.stringify(notices)).not.toContain("hunter2");
  });
});

describe("a wrong value", () => {
  it("stops the start with key, value and what is allowed", () => {
    expect(failure("server:\n  port: 70000\n").message).toBe(
      'server.port is "70000" in configuration.yaml, allowed is an integer from 0 to 65535',
    );
    expect(failure(undefined, { POSEIDON_SERVER_PORT: "0x50" }).message).toBe(
      'server.port is "0x50" in POSEIDON_SERVER_PORT, allowed is an integer from 0 to 65535',
    );
  });

  it.each([
    ["server: {port: eighty}", "server.port"],
    ["server: {port: 1.5}", "server.port"],
    ["server: {port: -1}", "server.port"],
    ["server: {interactivestderr: maybe}", "server.interactivestderr"],
    ["server: {alert: {prewarmingpoolthreshold: 1}}", "server.alert.prewarmingpoolthreshold"],
    ["server: {alert: {prewarmingpoolthreshold: .nan}}", "server.alert.prewarmingpoolthreshold"],
    ["server: {alert: {prewarmingpoolreloadtimeout: -1}}", "server.alert.prewarmingpoolreloadtimeout"],
    ["server: {executionttl: 0}", "server.executionttl"],
    ["server: {executionttl: 3000000}", "server.executionttl"],
    ["server: {bodylimit: 0}", "server.bodylimit"],
    ["server: {tls: {minversion: 1.1}}", "server.tls.minversion"],
    ["server: {token: [a]}", "server.token"],
    ["server: 5", "server"],
    ["server: [a]", "server"],
    ["nomad: {address: ''}", "nomad.address"],
    ["nomad: {address: 'http://nomad'}", "nomad.address"],
    ["nomad: {address: 'nomad:4646'}", "nomad.address"],
    ["nomad: {snapshotinterval: 0}", "nomad.snapshotinterval"],
    ["nomad: {network: {mode: bride}}", "nomad.network.mode"],
    ["nomad: {network: {dns: {servers: 1.1.1.1}}}", "nomad.network.dns.servers"],
    ["nomad: {network: {dynamicports: [{label: a, to: x}]}}", "nomad.network.dynamicports"],
    ["nomad: {network: {cni: {args: [a]}}}", "nomad.network.cni.args"],
    ["logger: {level: loud}", "logger.level"],
    ["logger: {formatter: XMLFormatter}", "logger.formatter"],
  ])("is found: %s", (text, key) => {
    expect(failure(text).problems.map((problem) => problem.key)).toEqual([key]);
  });

  it("is told with every other one", () => {
    const error = failure("server: {port: x}\n", { POSEIDON_NOMAD_PORT: "y" });
    expect(error.problems.map(({ key, source }) => [key, source])).toEqual([
      ["server.port", "configuration.yaml"],
      ["nomad.port", "POSEIDON_NOMAD_PORT"],
    ]);
  });

  it("of a secret is hidden", () => {
    const error = failure("server: {token: {hunter2: hunter2}}\nsentry: {dsn: [hunter2]}\n");
    expect(error.problems).toHaveLength(2);
    expect(error.message).toContain("(hidden)");
    expect(error.message).not.toContain("hunter2");
  });

  it("is a file that is no YAML, and its text is not shown", () => {
    const error = failure("server:\n  token: hunter2\n port: 1\n");
    expect(error.message).toMatch(/^configuration\.yaml: .* line \d+/);
    expect(error.message).not.toContain("hunter2");
    expect(failure("- a\n").message).toContain("a section with keys");
    expect(failure("server: {port: 1, port: 2}\n").message).toContain("unique");
  });
});

describe("keys that need each other", () => {
  it("TLS needs a certificate and its key", () => {
    expect(failure("server: {tls: {active: true, keyfile: k}}").problems).toEqual([
      {
        key: "server.tls.certfile",
        value: "",
        allowed: "the path of a PEM file, since server.tls.active is true",
        source: "configuration.yaml",
      },
    ]);
    expect(failure("server: {tls: {active: true}}").problems).toHaveLength(2);
    expect(resolve("server: {tls: {active: true, keyfile: k, certfile: c}}").config.server.tls.active).toBe(
      true,
    );
  });

  it("mTLS to Nomad needs both or none", () => {
    expect(failure("nomad: {tls: {active: true, certfile: c}}").problems).toMatchObject([
      { key: "nomad.tls.keyfile" },
    ]);
    expect(failure("nomad: {tls: {active: true, keyfile: c}}").problems).toMatchObject([
      { key: "nomad.tls.certfile" },
    ]);
    expect(resolve("nomad: {tls: {active: true, cafile: c}}").config.nomad.tls.active).toBe(true);
    expect(resolve("nomad: {tls: {certfile: c}}").config.nomad.tls.certfile).toBe("c");
  });
});

describe("keys of later steps", () => {
  it("are named in one warning when they differ from the default", () => {
    const { notices } = resolve("influxdb: {url: http://x, stage: ''}\naws: {enabled: true}\n", {
      POSEIDON_SENTRY_DEBUG: "1",
      POSEIDON_PROFILING_MEMORYTHRESHOLD: "1000",
    });
    const [warning, ...rest] = notices.filter(({ level }) => level === "warn");
    expect(rest).toEqual([]);
    expect(warning?.fields).toEqual({ keys: "aws.enabled, sentry.debug, influxdb.url" });
  });
});

it("takes every text key from its variable exactly", () => {
  const keys = configKeys.filter((key) => key.kind === "text" && key.allowed === "a text");
  fc.assert(
    fc.property(fc.constantFrom(...keys), fc.string({ minLength: 1 }), (key, value) => {
      fc.pre(!/^\[.*\]$/.test(value));
      const { config } = resolve(undefined, { [key.variable]: value });
      const found = key.path.reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], config);
      expect(found).toBe(value);
    }),
  );
});
