// `npm run dev`: compiles on every change and restarts server and embedded agent with it.
import { spawn, spawnSync } from "node:child_process";

const run = (command, args) => spawn(command, args, { stdio: "inherit" });

spawnSync("npm", ["run", "--silent", "build"], { stdio: "inherit" });
const children = [
  run("npx", ["tsc", "-p", "tsconfig.build.json", "--watch", "--preserveWatchOutput"]),
  run("node", ["--watch", "--watch-preserve-output", "dist/main.js", "demo"]),
];
const stop = () => {
  for (const child of children) child.kill("SIGTERM");
};
process.on("SIGINT", stop);
process.on("SIGTERM", stop);
