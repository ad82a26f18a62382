import { expect, onTestFinished, test } from "vitest";
import { createMetricsServer } from "../../../src/api/metrics-server.js";

test("metrics have a listener of their own, and nothing else is there", async () => {
  let broken = false;
  const server = createMetricsServer({
    address: "127.0.0.1",
    port: 0,
    metrics: async () => {
      if (broken) throw new Error("no figures");
      return { contentType: "text/plain", body: "a 1\n" };
    },
  });
  onTestFinished(() => server.close());
  const { port } = await server.listen();
  const get = (path: string, method = "GET") => fetch(`http://127.0.0.1:${port}${path}`, { method });
  const answer = await get("/metrics?x=1");
  expect([answer.status, await answer.text(), answer.headers.get("content-type")]).toEqual([
    200,
    "a 1\n",
    "text/plain",
  ]);
  expect((await get("/api/v1/health")).status).toBe(404);
  expect((await get("/metrics", "POST")).status).toBe(405);
  broken = true;
  expect((await get("/metrics")).status).toBe(500);
  server.close();
  await expect(get("/metrics")).rejects.toThrow();
});
