import { writeSync } from "node:fs";
import { createApp } from "../../../src/app.js";
import { resolveConfig } from "../../../src/config/resolve.js";
import { silentLogger } from "../../../src/telemetry/silent-logger.js";

/**
 * A server that kills itself at a crash point, the `CRASH_COUNT`th time that it comes to `CRASH_AT`. It writes its port to stdout, and each point that it
 * reaches to file descriptor 3: synchronously, so that nothing of that is lost.
 */
const { CRASH_AT = "", CRASH_COUNT = "1" } = process.env;
let left = Number(CRASH_COUNT);

const { config } = resolveConfig({
  file: { path: "", text: undefined },
  environment: process.env,
  randomToken: () => "random",
});
const app = createApp(config, {
  logger: silentLogger,
  reached(point) {
    writeSync(3, `${point}\n`);
    if (point !== CRASH_AT) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, "SIGKILL");
  },
});
process.once("SIGTERM", () => void app.stop().then(() => process.exit(0)));
const { port } = await app.start();
writeSync(1, `${port}\n`);
