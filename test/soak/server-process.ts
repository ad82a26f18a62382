import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const probe = new URL("probe.mjs", import.meta.url).href;

/** What a server's process holds, after a collection. */
export interface Holdings {
  readonly timers: number;
  /** What lives, in bytes, of JavaScript and of buffers. */
  readonly heap: number;
  readonly rss: number;
  readonly handles: number;
}

/** The built server as a process of its own, always on one port, that is killed and started again. */
export class ServerProcess {
  readonly port: number;
  /** Lines that it logged as errors, or that are no log lines. */
  readonly complaints: string[] = [];
  /** How often it ended without having been told to. */
  deaths = 0;
  readonly #environment: NodeJS.ProcessEnv;
  /** All that it logged, over all its lives. */
  readonly #log = join(mkdtempSync(join(tmpdir(), "poseidon-soak-")), "log");
  #child: ChildProcess | undefined;

  private constructor(port: number, environment: NodeJS.ProcessEnv) {
    this.port = port;
    this.#environment = environment;
  }

  /** Makes one with these variables (`POSEIDON_…`); it does not run yet. */
  static async create(variables: Readonly<Record<string, string>>): Promise<ServerProcess> {
    const socket = createServer().listen(0, "127.0.0.1");
    await once(socket, "listening");
    const address = socket.address();
    socket.close();
    if (address === null || typeof address === "string") throw new Error("no port");
    const port = String(address.port);
    return new ServerProcess(address.port, {
      PATH: process.env["PATH"],
      POSEIDON_SERVER_PORT: port,
      POSEIDON_LOGGER_FORMATTER: "JSONFormatter",
      POSEIDON_LOGGER_LEVEL: "debug",
      ...variables,
    });
  }

  start(): void {
    const child = spawn(process.execPath, ["--expose-gc", "--import", probe, main, "serve"], {
      env: this.#environment,
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#child = child;
    child.once("exit", (code, signal) => {
      if (this.#child !== child) return;
      this.deaths += 1;
      this.complaints.push(`it ended without having been told to: ${code ?? signal}`);
    });
    let rest = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      appendFileSync(this.#log, lines.map((line) => `${line}\n`).join(""));
      this.complaints.push(...lines.filter((line) => !isHarmless(line)));
    });
  }

  /** Ends it as a power failure would. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stop(): Promise<void> {
    if (this.#child !== undefined) await this.#end("SIGTERM");
  }

  /** What it logged of one runner. */
  linesOf(id: string): string[] {
    return readFileSync(this.#log, "utf8")
      .split("\n")
      .filter((line) => line.includes(id));
  }

  /** Removes what was kept of its log. */
  forgetLog(): void {
    rmSync(dirname(this.#log), { recursive: true });
  }

  /** Where its log is. */
  get log(): string {
    return this.#log;
  }

  async holdings(): Promise<Holdings> {
    const child = this.#child;
    if (child === undefined) throw new Error("it does not run");
    const over = new AbortController();
    const { signal } = over;
    const gone = once(child, "exit", { signal }).then(() => Promise.reject(new Error("it ended meanwhile")));
    try {
      const answer = once(child, "message", { signal });
      child.send({});
      const [held] = (await Promise.race([answer, gone])) as [Omit<Holdings, "handles">];
      return { ...held, handles: readdirSync(`/proc/${child.pid}/fd`).length };
    } finally {
      gone.catch(() => undefined);
      over.abort();
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const exit = once(child, "exit");
    child.kill(signal);
    await exit;
  }
}

function isHarmless(line: string): boolean {
  try {
    return (JSON.parse(line) as { level: string }).level !== "error";
  } catch {
    return false;
  }
}
