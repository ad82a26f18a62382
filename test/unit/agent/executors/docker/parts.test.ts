import { describe, expect, it } from "vitest";
import { capabilities, containerBody } from "../../../../../src/agent/executors/docker/container.js";
import { parseDriverConfig } from "../../../../../src/agent/executors/docker/driver-config.js";
import { hasTag, isLatest } from "../../../../../src/agent/executors/docker/images.js";
import { containerOwner, containerOwnerIsGone } from "../../../../../src/agent/executors/docker/owner.js";
import { dockerSocket } from "../../../../../src/agent/executors/docker/socket.js";
import { taskSpec } from "../collect.js";

const options = { labels: { owner: "me" }, hostIp: "127.0.0.1", coreMhz: 2_000 };
const body = (config: object, changes: Parameters<typeof taskSpec>[0] = {}) =>
  containerBody(taskSpec(changes), parseDriverConfig({ image: "i:1", ...config }), options);

describe("dockerSocket", () => {
  it("takes a Unix socket's path, Docker's own without one, and nothing else", () => {
    expect(dockerSocket(undefined)).toBe("/var/run/docker.sock");
    expect(dockerSocket("")).toBe("/var/run/docker.sock");
    expect(dockerSocket("unix:///run/user/1000/docker.sock")).toBe("/run/user/1000/docker.sock");
    expect(() => dockerSocket("tcp://10.0.0.1:2375")).toThrow("DOCKER_HOST is one of the kind tcp://");
    expect(() => dockerSocket("ssh://user:secret@host")).not.toThrow("secret");
    expect(() => dockerSocket("/run/docker.sock")).toThrow("unix:///path");
  });
});

describe("the names of images", () => {
  it.each([
    ["debian", false, true],
    ["debian:12", true, false],
    ["registry:5000/debian", false, true],
    ["registry:5000/debian:latest", true, true],
    [`debian@sha256:${"0".repeat(64)}`, true, false],
  ])("%s", (name, tagged, latest) => {
    expect([hasTag(name), isLatest(name)]).toEqual([tagged, latest]);
  });
});

describe("a container's owner", () => {
  it("is gone when its process is, or its start of the machine", () => {
    const own = containerOwner();
    const [boot, namespace, name = ""] = own.split("/");
    expect(containerOwnerIsGone(own)).toBe(false);
    expect(containerOwnerIsGone(`${boot}/${namespace}/${name.replace(/-\d+-/, "-4194304-")}`)).toBe(true);
    expect(containerOwnerIsGone(`another/${namespace}/${name}`)).toBe(true);
  });

  it("is not judged where its processes cannot be seen, or when it is unreadable", () => {
    const [boot, , name] = containerOwner().split("/");
    expect(containerOwnerIsGone(`${boot}/pid:[1]/poseidon-1-1-1`)).toBe(false);
    expect(containerOwnerIsGone(`${boot}/${name}`)).toBe(false);
    expect(containerOwnerIsGone("")).toBe(false);
  });
});

describe("parseDriverConfig", () => {
  it("takes HCL's blocks as lists and as objects", () => {
    const logging = { type: "local", config: { "max-size": "2m" } };
    expect(parseDriverConfig({ image: "i", logging }).logging).toEqual(logging);
    expect(
      parseDriverConfig({ image: "i", logging: [{ ...logging, config: [logging.config] }] }).logging,
    ).toEqual(logging);
    expect(parseDriverConfig({ image: "i", sysctl: { "net.core.somaxconn": 100 } }).sysctl).toEqual({
      "net.core.somaxconn": "100",
    });
  });

  it("names what it cannot take: nothing that may protect is left out in silence", () => {
    expect(() => parseDriverConfig({ image: "i", volumes: ["/:/host"], devices: [] })).toThrow(
      "volumes, devices",
    );
    expect(() => parseDriverConfig({ image: "i", pids_limit: "many" })).toThrow("pids_limit");
    expect(() => parseDriverConfig({ image: "i", network_mode: "container:other" })).toThrow("network_mode");
    expect(() => parseDriverConfig({})).toThrow("image");
  });
});

describe("containerBody", () => {
  it("limits memory without swap, the processor by its share, and processes", () => {
    expect(body({}, { memory: 64, cpu: 20 })).toMatchObject({
      Image: "i:1",
      Cmd: ["sleep", "infinity"],
      Env: ["NOMAD_ALLOC_ID=an id"],
      Labels: { owner: "me" },
      HostConfig: { Memory: 67_108_864, MemorySwap: 67_108_864, CpuShares: 20, PidsLimit: 512 },
    });
    expect(body({ cpu_hard_limit: true }, { cpu: 500 }).HostConfig).toMatchObject({
      CpuPeriod: 100_000,
      CpuQuota: 25_000,
    });
    expect(body({ pids_limit: 64 }).HostConfig).toMatchObject({ PidsLimit: 64 });
  });

  it("takes the network away, or maps ports on the loopback address", () => {
    expect(body({}).HostConfig).toMatchObject({ NetworkMode: "none" });
    const ports = [
      { label: "80", to: 80, host: 21_000 },
      { label: "x", to: 0, host: 21_001 },
    ];
    const dns = { servers: ["192.0.2.1"], searches: ["example"], options: [] };
    const networked = body({}, { network: true, ports, dns });
    const bound = (port: string) => [{ HostIp: "127.0.0.1", HostPort: port }];
    expect(networked.ExposedPorts).toEqual({ "80/tcp": {}, "80/udp": {}, "21001/tcp": {}, "21001/udp": {} });
    expect(networked.HostConfig).toMatchObject({
      NetworkMode: "bridge",
      Dns: ["192.0.2.1"],
      DnsSearch: ["example"],
      PortBindings: { "80/tcp": bound("21000"), "80/udp": bound("21000"), "21001/tcp": bound("21001") },
    });
  });

  it("gives Nomad's capabilities, less and never more", () => {
    const none = { cap_add: [], cap_drop: [] };
    expect(capabilities(none)).not.toContain("NET_RAW");
    expect(capabilities(none)).toContain("SETUID");
    expect(capabilities({ ...none, cap_drop: ["CAP_SETUID"] })).not.toContain("SETUID");
    expect(capabilities({ cap_drop: ["all"], cap_add: ["chown"] })).toEqual(["CHOWN"]);
    expect(() => capabilities({ ...none, cap_add: ["sys_admin"] })).toThrow("capabilities: sys_admin");
  });
});
