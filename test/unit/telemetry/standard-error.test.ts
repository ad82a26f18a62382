import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

// Node 20 runs no TypeScript, so the child loads the modules through vite's transform of this worker's project.
const program = `
  import { createServer } from "vite";
  const vite = await createServer({ configFile: false, root: ${JSON.stringify(process.cwd())}, logLevel: "silent",
    server: { middlewareMode: true, hmr: false, ws: false, watch: null }, appType: "custom" });
  const { createLogger } = await vite.ssrLoadModule("/src/telemetry/create-logger.ts");
  const logger = createLogger({ level: "info", formatter: "JSONFormatter" });
  for (let i = 0; i < 5000; i++) logger.info("line", { i, text: "x".repeat(100) });
  process.exit(7);
`;

const run = () =>
  spawn(process.execPath, ["--input-type=module", "-e", program], {
    cwd: fileURLToPath(new URL("../../..", import.meta.url)),
    stdio: ["ignore", "ignore", "pipe"],
  });

it("has every line when the process ends right after", async () => {
  const child = run();
  const chunks: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
  const [code] = await once(child, "close");
  expect(code).toBe(7);
  const lines = Buffer.concat(chunks).toString().trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line).i)).toEqual([...Array(5000).keys()]);
});

it("does not end the process when nobody reads it any more", async () => {
  const child = run();
  child.stderr.destroy();
  const [code] = await once(child, "close");
  expect(code).toBe(7);
});
