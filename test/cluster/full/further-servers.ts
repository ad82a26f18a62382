import { until } from "../../support/until.js";
import type { OwnCluster } from "../own-cluster.js";
import { FurtherAgent } from "./further-agent.js";

const LONG = { within: 90_000, every: 50 };

/** Two more servers of a cluster, so that it has three, of which two make a leader. */
export class FurtherServers {
  readonly #cluster: OwnCluster;
  readonly #agents: readonly FurtherAgent[];

  private constructor(cluster: OwnCluster) {
    this.#cluster = cluster;
    this.#agents = [1, 2].map(
      (number) => new FurtherAgent(cluster, { name: `s${number}`, config: at(cluster.port, number) }),
    );
  }

  /** Resolves when all three have a vote. */
  static async start(cluster: OwnCluster): Promise<FurtherServers> {
    const servers = new FurtherServers(cluster);
    servers.startAll();
    await until("three servers with a vote", async () => (await servers.#voters()).length === 3, LONG);
    return servers;
  }

  startAll(): void {
    for (const agent of this.#agents) agent.start();
  }

  async killAll(): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.end("SIGKILL")));
  }

  /** Makes another server than the cluster's own the leader; its agent. */
  async lead(): Promise<FurtherAgent> {
    const [first] = this.#agents;
    if (first === undefined) throw new Error("no further server");
    const { nomad, port } = this.#cluster;
    const address = `127.0.0.1:${port + 3 + 1}`;
    const voter = (await this.#voters()).find(({ Address }) => Address === address);
    await nomad.must("PUT", `/v1/operator/raft/transfer-leadership?id=${voter?.ID}`);
    await until(
      "another leader",
      async () => (await nomad.must("GET", "/v1/status/leader")) === address,
      LONG,
    );
    return first;
  }

  async #voters(): Promise<{ readonly ID: string; readonly Address: string }[]> {
    const { Servers } = await this.#cluster.nomad.must("GET", "/v1/operator/raft/configuration");
    return (Servers as { ID: string; Address: string; Voter: boolean }[]).filter(({ Voter }) => Voter);
  }
}

/** The configuration of the further server with this number, with the three ports behind those of the one before. */
function at(port: number, number: number): (place: { readonly folder: string }) => string {
  const first = port + 3 * number;
  return ({ folder }) => `
name                 = "poseidon-server-${number}"
datacenter           = "dc1"
data_dir             = "${folder}/nomad"
bind_addr            = "127.0.0.1"
disable_update_check = true
ports {
  http = ${first}
  rpc  = ${first + 1}
  serf = ${first + 2}
}
advertise {
  http = "127.0.0.1"
  rpc  = "127.0.0.1"
  serf = "127.0.0.1"
}
server {
  enabled          = true
  bootstrap_expect = 3
  server_join {
    retry_join     = ["127.0.0.1:${port + 2}"]
    retry_interval = "1s"
  }
}
`;
}
