import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, prepare } from "../execution.js";
import { processUse } from "../measure/processes.js";
import { fillEnvironments } from "./environments.js";
import type { LoadLab } from "./lab.js";
import type { Figures } from "./series.js";

const SETTLE_MS = 3_000;
const WATCHED_MS = 10_000;

/** Clients that never read what a command prints without end: the server's memory must come to a stop. */
export async function measureDeafClients(lab: LoadLab, clients: number): Promise<Figures> {
  const { client, pid } = lab.server;
  const memory = (): number => processUse(pid)?.memoryMiB ?? Number.NaN;
  await fillEnvironments(client, { environments: 1, runnersEach: clients });
  const runners = await Promise.all(Array.from({ length: clients }, () => client.claim(1)));
  await client.untilIdle(1, clients);
  const before = memory();
  const sockets = await Promise.all(
    runners.map(async (runner) => {
      const socket = connect(client, await prepare(client, runner, "flood", 0));
      socket.on("error", () => undefined);
      await once(socket, "open");
      socket.pause();
      return socket;
    }),
  );
  await sleep(SETTLE_MS);
  const settled = memory();
  const watched = await lab.watch(() => sleep(WATCHED_MS));
  for (const socket of sockets) socket.terminate();
  return {
    "resident memory before": { unit: "MiB", value: before },
    "after 3 s": { unit: "MiB", value: settled },
    "after 13 s": { unit: "MiB", value: watched.memoryMiB },
    "for each client": { unit: "MiB", value: (watched.memoryMiB - before) / clients },
    "event loop's p99 delay": { unit: "ms", value: watched.loop.p99, goal: 20 },
    "server's CPU, share of a core": { unit: "%", value: (watched.cpuMs / watched.ms) * 100 },
  };
}
