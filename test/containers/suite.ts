import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe } from "vitest";
import type { Nomad } from "../support/nomad.js";
import { TestServer } from "../support/server.js";
import { hardeningSuite } from "./hardening.js";
import { limitsSuite } from "./limits.js";
import { migrationSuite } from "./migration.js";
import { networkSuite } from "./network.js";
import type { ContainerTarget } from "./target.js";

/** What the parts of the suite work with. */
export interface Containers {
  readonly nomad: Nomad;
  readonly image: string;
  reschedule(jobId: string): Promise<void>;
  /** A server; `template`: its template job file. It is stopped at the end of the suite. */
  server(options?: {
    readonly template?: string;
    readonly variables?: Record<string, string>;
  }): Promise<TestServer>;
}

/** What only real containers show: limits, networks, ports, hardening. */
export function containerSuite(name: string, start: () => Promise<ContainerTarget>): void {
  describe(name, () => {
    let target: ContainerTarget | undefined;
    let folder = "";
    const servers: TestServer[] = [];

    beforeAll(async () => {
      target = await start();
      folder = await mkdtemp(join(tmpdir(), "containers-test-"));
    });

    // A container's fault may not come again: what its servers saw is told with it.
    afterEach(({ task }) => {
      if (task.result?.errors === undefined) return;
      for (const { lines } of servers) for (const line of lines.slice(-20)) console.log(JSON.stringify(line));
    });

    afterAll(async () => {
      await Promise.all(servers.map((server) => server.stop()));
      await target?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    const containers = (): Containers => {
      if (target === undefined) throw new Error("the target did not start");
      const { nomad, image } = target;
      return {
        nomad,
        image,
        reschedule: target.reschedule,
        async server({ template, variables = {} } = {}) {
          const file = join(folder, `template-${servers.length}`);
          if (template !== undefined) await writeFile(file, template);
          const server = await serverOn(nomad, {
            ...(template === undefined ? {} : { POSEIDON_SERVER_TEMPLATEJOBFILE: file }),
            ...variables,
          });
          servers.push(server);
          return server;
        },
      };
    };
    limitsSuite(containers);
    networkSuite(containers);
    hardeningSuite(containers);
    migrationSuite(containers);
  });
}

/** A server on a Nomad of a test, in that one's namespace. */
export function serverOn(
  { place }: Nomad,
  variables: Readonly<Record<string, string>> = {},
  options: { readonly recovered?: boolean } = {},
): Promise<TestServer> {
  const { hostname, port } = new URL(place.address);
  return TestServer.start({
    nomad: { host: hostname, port: Number(port), token: place.token },
    variables: {
      POSEIDON_NOMAD_NAMESPACE: place.namespace,
      POSEIDON_NOMAD_DISABLEFORCEPULL: "true",
      ...variables,
    },
    ...options,
  });
}
