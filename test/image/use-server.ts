import { expect } from "vitest";
import { ApiClient } from "../api/suite/client.js";
import { until } from "../support/until.js";

const EXECUTE = 'read name; echo "Hello, $name"; cat note.txt >&2; exit 3';

/** Does what a client does with a server as soon as that has recovered: creates environment 10, claims, copies, executes with input, reads the output, gives back. */
export async function useServer(server: {
  readonly baseUrl: string;
  readonly token: string;
  readonly image: string;
}): Promise<void> {
  const target = { firstEnvironmentId: 10, twoUsers: true, mapsPorts: true, path: "fast" as const };
  const client = new ApiClient({ ...server, ...target, separateStderr: true });
  try {
    await until(
      "the server's recovery",
      async () => (await client.call("GET", "/execution-environments")).status === 200,
      { within: 60_000, every: 100 },
    );
    const stranger = await fetch(`${server.baseUrl}/api/v1/execution-environments`);
    expect(stranger.status).toBe(401);
    expect((await client.put(10)).status).toBe(201);
    const runner = await client.claim(10);
    expect((await client.write(runner, "note.txt", "it was copied\n")).status).toBe(204);
    const execution = await client.start(runner, { command: EXECUTE, timeLimit: 30 });
    await execution.started();
    execution.send("Ada\n");
    const { stdout, stderr, last } = await execution.result;
    expect({ stdout: stdout.replaceAll("\r", ""), last }).toEqual({
      stdout: expect.stringContaining("Hello, Ada\n"),
      last: { type: "exit", data: 3 },
    });
    expect(stdout + stderr).toContain("it was copied");
    expect((await client.release(runner)).status).toBe(204);
    expect((await client.call("DELETE", "/execution-environments/10")).status).toBe(204);
  } finally {
    await client.close();
  }
}
