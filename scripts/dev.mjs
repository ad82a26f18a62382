// `npm run dev`: builds on every change and restarts server and embedded agent with it.
import { spawn } from "node:child_process";
import { watch } from "node:fs";
import { buildProgram } from "./bundle.mjs";

/** ms in which an editor has written all it writes. */
const quiet = 100;

let demo;
let building = Promise.resolve();
let timer;

async function restart() {
  try {
    await buildProgram("dist");
  } catch (error) {
    return console.error(error instanceof Error ? error.message : error);
  }
  const ended = demo && new Promise((resolve) => demo.once("exit", resolve));
  demo?.kill("SIGTERM");
  await ended;
  demo = spawn(process.execPath, ["dist/main.js", "demo"], { stdio: "inherit" });
}

const next = () => {
  building = building.then(restart);
};
watch("src", { recursive: true }, () => {
  clearTimeout(timer);
  timer = setTimeout(next, quiet);
});
next();

for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => {
    demo?.kill("SIGTERM");
    process.exit(0);
  });
