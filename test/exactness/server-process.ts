import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { recovered, type startServer, TOKEN } from "../api/start-server.js";
import type { StartedTarget } from "../api/suite.js";
import { compileProgram } from "../support/compiled-program.js";

/** A server in a process of its own. */
export interface ServerProcess extends StartedTarget {
  /** Its resident memory in bytes. */
  memory(): number;
  /** How many descriptors it has open. */
  descriptors(): number;
  /** Ends it without a chance to tidy up; resolves when it is gone. */
  kill(): Promise<void>;
}

/** As `startServer`, but in a process of its own, so that its memory is that of the server alone. */
export async function startServerProcess(
  variables: Parameters<typeof startServer>[0],
  target: Parameters<typeof startServer>[1],
  options: { readonly alsoStop?: () => Promise<void> } = {},
): Promise<ServerProcess> {
  const program = compileProgram();
  const child = spawn(process.execPath, [program.main, "serve"], {
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      PATH: process.env.PATH,
      POSEIDON_SERVER_PORT: "0",
      POSEIDON_SERVER_TOKEN: TOKEN,
      POSEIDON_SERVER_SHUTDOWNTIMEOUT: "1",
      POSEIDON_LOGGER_FORMATTER: "JSONFormatter",
      ...variables,
    },
  });
  const ended = once(child, "exit");
  const port = await new Promise<number>((resolve, reject) => {
    createInterface(child.stderr).on("line", (line) => {
      const { msg, port, level } = JSON.parse(line);
      if (msg === "listening") resolve(port);
      if (level !== "info") console.log(line);
    });
    ended.then(([code]) => reject(new Error(`the server ended with ${code}`)));
  });
  const baseUrl = `http://127.0.0.1:${port}`;
  await recovered(baseUrl, TOKEN);
  return {
    ...target,
    baseUrl,
    token: TOKEN,
    separateStderr: true,
    memory: () => memoryOf(child.pid),
    descriptors: () => readdirSync(`/proc/${child.pid}/fd`).length,
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
    async stop() {
      child.kill("SIGTERM");
      await ended;
      program.remove();
      await options.alsoStop?.();
    },
  };
}

function memoryOf(pid: number | undefined): number {
  const kilobytes = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
  return Number(kilobytes) * 1024;
}
