import { connect } from "node:net";
import { beforeAll, describe, expect, test } from "vitest";
import type { Runner } from "../api/suite/client.js";
import type { TestServer } from "../support/server.js";
import { until } from "../support/until.js";
import type { Containers } from "./suite.js";

/** Answers each connection on a port with one line. */
const GREETER = `use IO::Socket::INET;
my $server = IO::Socket::INET->new(LocalPort => $ARGV[0], Listen => 5, ReuseAddr => 1) or die "no port";
$| = 1; print "listening\\n";
while (my $client = $server->accept()) { print $client "hello from $ARGV[0]\\n"; close $client; }
`;

/** Says of each address whether it can be reached. */
const PROBE = `use IO::Socket::INET;
for my $place (@ARGV) {
  my $socket = IO::Socket::INET->new(PeerAddr => $place, Timeout => 2);
  print "$place ", ($socket ? "open" : "closed"), "\\n";
}
`;

/** Network off and on, and mapped ports (nomad.md, "Job layout"). */
export function networkSuite(containers: () => Containers): void {
  describe("network", () => {
    let server: TestServer;
    beforeAll(async () => {
      server = await containers().server();
    });

    /** The open ones among these places, as a runner sees them. */
    const reachable = async (runner: Runner, places: readonly string[]): Promise<string[]> => {
      await server.client.write(runner, "/tmp/probe.pl", PROBE);
      const { stdout } = await server.client.run(runner, {
        command: `perl /tmp/probe.pl ${places.join(" ")}`,
      });
      return places.filter((place) => stdout.includes(`${place} open`));
    };

    /** Nomad and the server, by the loopback and by the way out. */
    const secrets = async (runner: Runner): Promise<string[]> => {
      const route = await server.client.run(runner, {
        command: 'grep -E "^[a-z0-9]+[[:space:]]00000000" /proc/net/route',
      });
      const gateway = Buffer.from(route.stdout.split("\t")[2] ?? "", "hex")
        .reverse()
        .join(".");
      const ports = [new URL(containers().nomad.place.address), new URL(server.client.target.baseUrl)];
      const hosts = ["127.0.0.1", ...(gateway === "" ? [] : [gateway])];
      return hosts.flatMap((host) => ports.map(({ port }) => `${host}:${port}`));
    };

    test("off: there is the loopback alone, and no way out", async () => {
      const { client } = server;
      await client.put(7_010, { image: containers().image, networkAccess: false });
      const runner = await client.claim(7_010);
      const { stdout } = await client.run(runner, {
        command: "grep : /proc/net/dev | cut -d : -f 1; wc -l < /proc/net/route",
      });
      expect(stdout.replaceAll(/[ \r]/g, "")).toBe("lo\n1\n");
      expect(await reachable(runner, await secrets(runner))).toEqual([]);
      await client.call("DELETE", "/execution-environments/7010");
    });

    test("on: an interface, and no way to Nomad or the server", async () => {
      const { client } = server;
      await client.put(7_011, { image: containers().image, networkAccess: true });
      const runner = await client.claim(7_011);
      const { stdout } = await client.run(runner, { command: "grep -c eth0 /proc/net/dev" });
      expect(stdout).toBe("1\r\n");
      const places = await secrets(runner);
      expect(places).toHaveLength(4);
      expect(await reachable(runner, places)).toEqual([]);
      await client.call("DELETE", "/execution-environments/7011");
    });

    test("mapped ports lead into the runner, each into its own, and still after it was moved", async () => {
      const { client } = server;
      await client.put(7_012, { image: containers().image, networkAccess: true, exposedPorts: [8_080, 80] });
      await server.settled(7_012, { idle: 1 }, { within: 30_000 });
      const [id = ""] = await containers().nomad.jobIds("7012-");
      const before = await containers().nomad.allocation(id);
      await containers().reschedule(id);
      await until(
        "another allocation that runs",
        async () => {
          const { ID, ClientStatus } = await containers().nomad.allocation(id);
          return ID !== before.ID && ClientStatus === "running";
        },
        { within: 30_000 },
      );
      await server.settled(7_012, { idle: 1 }, { within: 30_000 });
      const runner = await client.claim(7_012);
      expect(runner.id).toBe(id);
      expect(runner.mappedPorts.map(({ exposedPort }) => exposedPort)).toEqual([8_080, 80]);
      const ports = (await containers().nomad.allocation(id)).AllocatedResources?.Shared?.Ports ?? [];
      expect(runner.mappedPorts.map(({ hostAddress }) => hostAddress)).toEqual(
        ports.map(({ HostIP, Value }) => `${HostIP}:${Value}`),
      );
      await client.write(runner, "/tmp/greeter.pl", GREETER);
      for (const { exposedPort, hostAddress } of runner.mappedPorts) {
        const command = `perl /tmp/greeter.pl ${exposedPort}`;
        const greeter = await client.start(runner, { command, privilegedExecution: true });
        await greeter.stdout("listening");
        expect(await greeting(hostAddress)).toBe(`hello from ${exposedPort}\n`);
        greeter.send("\u0003");
        await greeter.result;
      }
      await client.call("DELETE", "/execution-environments/7012");
    });
  });
}

/** What a connection to this address gives. */
function greeting(address: string): Promise<string> {
  const [host = "", port] = address.split(":");
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect({ host, port: Number(port) });
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.once("close", () => resolve(text));
    socket.once("error", reject);
  });
}
