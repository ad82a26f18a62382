import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DockerClient } from "../../../../../src/agent/executors/docker/client.js";
import { DockerTask } from "../../../../../src/agent/executors/docker/task.js";

const COMMAND = { command: ["sleep", "infinity"], tty: true };

describe("a process in a Docker container", () => {
  let folder: string;
  let docker: Server;
  let client: DockerClient;
  let task: DockerTask;
  let attached: Promise<Duplex>;
  let looks: Promise<unknown>;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "docker-test-"));
    let looked: (seen: unknown) => void;
    looks = new Promise((resolve) => {
      looked = resolve;
    });
    docker = createServer((request, response) => {
      if (request.method === "POST") return void response.writeHead(201).end('{"Id":"e"}');
      response.writeHead(200).end('{"Running":true,"ExitCode":null}', () => looked(request.url));
    });
    attached = new Promise((resolve) => {
      docker.on("upgrade", (_request, socket) => {
        socket.write("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
        resolve(socket);
      });
    });
    docker.listen(join(folder, "socket"));
    await once(docker, "listening");
    client = new DockerClient(join(folder, "socket"));
    task = new DockerTask(client, "c");
  });
  afterEach(() => {
    docker.close();
    docker.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  });

  it("has ended for its client when Docker is gone", async () => {
    const process = await task.exec(COMMAND);
    const socket = await attached;
    docker.close();
    docker.closeAllConnections();
    socket.destroy();
    expect(await process.exited).toBe(137);
  });

  it("goes on without its output while Docker says that it runs", async () => {
    const process = await task.exec(COMMAND);
    (await attached).destroy();
    expect(await looks).toBe("/exec/e/json");
    // Another answer of Docker's comes behind that one.
    await client.call({ method: "GET", path: "/info" });
    task.onExecEnd("e", 3);
    expect(await process.exited).toBe(3);
  });
});
