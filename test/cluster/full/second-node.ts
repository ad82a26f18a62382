import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { OwnCluster } from "../own-cluster.js";
import { FurtherAgent } from "./further-agent.js";

const run = promisify(execFile);

/** What a cluster's agent needs so that a second node, in a network of its own, reaches it and gets its share of runners; for `OwnCluster.up`. */
export function withSecondNode(folder: string, port: number): string {
  const { server } = addresses(port);
  return `
addresses {
  rpc = "${server}"
}
advertise {
  rpc = "${server}"
}
server {
  default_scheduler_config {
    memory_oversubscription_enabled = true
    scheduler_algorithm             = "spread"
  }
}
${dockerPlugin(`unix://${folder}/run/docker.sock`)}`;
}

/**
 * A second client agent of a cluster, in a network namespace of its own whose only link can be cut: nobody is told, packets
 * are lost. It starts its containers with the same Docker, which lives on meanwhile, as a node does that is cut off.
 */
export class SecondNode {
  readonly name = "poseidon-second";
  readonly #port: number;
  readonly #agent: FurtherAgent;

  private constructor(cluster: OwnCluster) {
    this.#port = cluster.port;
    this.#agent = new FurtherAgent(cluster, {
      name: "n2",
      before: ["nsenter", `--net=/run/netns/${namespaceOf(cluster.port)}`],
      config: ({ folder }) => configuration(this.name, { folder, cluster }),
    });
  }

  static async start(cluster: OwnCluster): Promise<SecondNode> {
    const namespace = namespaceOf(cluster.port);
    const link = linkOf(cluster.port);
    const { node } = addresses(cluster.port);
    await ip("netns", "add", namespace);
    await ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", namespace);
    await ip("link", "set", link, "master", `psd-dkr-${cluster.port}`, "up");
    await ip("-n", namespace, "address", "add", `${node}/20`, "dev", "eth0");
    await ip("-n", namespace, "link", "set", "eth0", "up");
    await ip("-n", namespace, "link", "set", "lo", "up");
    const second = new SecondNode(cluster);
    second.#agent.start();
    return second;
  }

  async cut(): Promise<void> {
    await ip("link", "set", linkOf(this.#port), "down");
  }

  async mend(): Promise<void> {
    await ip("link", "set", linkOf(this.#port), "up");
  }

  /** Its containers are left to the cluster's `down`. */
  async stop(): Promise<void> {
    await this.#agent.end("SIGKILL");
    await ip("link", "delete", linkOf(this.#port));
    await ip("netns", "delete", namespaceOf(this.#port));
  }
}

function namespaceOf(port: number): string {
  return `psd-net-${port}`;
}

function linkOf(port: number): string {
  return `psd-lnk-${port}`;
}

/** In the network of the cluster's Docker (lib.sh), far behind the addresses that Docker gives away. */
function addresses(port: number): { readonly server: string; readonly node: string } {
  const third = (port % 16) * 16;
  return { server: `198.18.${third}.1`, node: `198.18.${third + 15}.200` };
}

async function ip(...words: string[]): Promise<void> {
  await run("ip", words);
}

/** Each of the two agents leaves the other's containers alone. */
function dockerPlugin(endpoint: string): string {
  return `
plugin "docker" {
  config {
    endpoint    = "${endpoint}"
    infra_image = "poseidon-pause:1"
    gc {
      image = false
      dangling_containers {
        enabled = false
      }
    }
  }
}
`;
}

function configuration(
  name: string,
  { folder, cluster }: { readonly folder: string; readonly cluster: OwnCluster },
): string {
  const { server, node } = addresses(cluster.port);
  return `
name                 = "${name}"
datacenter           = "dc1"
data_dir             = "${folder}/nomad"
bind_addr            = "${node}"
disable_update_check = true
ports {
  http = ${cluster.port}
}
client {
  enabled           = true
  servers           = ["${server}:${cluster.port + 1}"]
  alloc_dir         = "${folder}/a"
  alloc_mounts_dir  = "${folder}/m"
  network_interface = "eth0"
  options = {
    "driver.allowlist"     = "docker"
    "fingerprint.denylist" = "env_aws,env_gce,env_azure,env_digitalocean,consul,vault"
  }
}
${dockerPlugin(cluster.dockerHost)}`;
}
