import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

interface Event {
  readonly port?: number;
  readonly started?: number;
  readonly state?: string;
  readonly pid?: number;
  readonly ended?: number;
  readonly code?: number;
}

const SCRIPT = fileURLToPath(new URL("service-manager.py", import.meta.url));

/** A stand-in for systemd: holds a listening socket, starts programs on it (descriptor 3), and hears what they tell it. */
export class ServiceManager {
  readonly #process: ChildProcess;
  readonly #events: Event[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #running = new Set<number>();

  private constructor(process: ChildProcess) {
    this.#process = process;
    if (process.stdout === null) throw new Error("no output");
    createInterface({ input: process.stdout }).on("line", (line) => {
      const event = JSON.parse(line) as Event;
      this.#events.push(event);
      if (event.started !== undefined) this.#running.add(event.started);
      if (event.ended !== undefined) this.#running.delete(event.ended);
      for (const look of [...this.#waiting]) look();
    });
  }

  static async start(): Promise<ServiceManager> {
    const manager = new ServiceManager(spawn("python3", [SCRIPT], { stdio: ["pipe", "pipe", "inherit"] }));
    await manager.#event(({ port }) => port !== undefined);
    return manager;
  }

  /** The port of the socket that it holds. */
  get port(): number {
    return this.#events[0]?.port ?? 0;
  }

  /** Starts a program on the socket; its process id. */
  async run(command: readonly string[], environment: Readonly<Record<string, string>>): Promise<number> {
    const before = this.#events.length;
    this.#process.stdin?.write(`${JSON.stringify({ command, environment })}\n`);
    const { started } = await this.#event(({ started }) => started !== undefined, before);
    return started ?? 0;
  }

  /** Resolves once the process has told this state. */
  async told(pid: number, state: string): Promise<void> {
    await this.#event((event) => event.pid === pid && event.state === state);
  }

  /** The states that the process has told so far. */
  states(pid: number): readonly string[] {
    return this.#events.flatMap((event) => (event.pid === pid && event.state ? [event.state] : []));
  }

  /** Resolves with the exit code of the process once it has ended. */
  async ended(pid: number): Promise<number | undefined> {
    return (await this.#event(({ ended }) => ended === pid)).code;
  }

  /** Ends everything that it started, and itself. */
  async stop(): Promise<void> {
    for (const pid of this.#running) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended by itself, and its end is not heard yet.
      }
    }
    const closed = new Promise((resolve) => this.#process.once("close", resolve));
    this.#process.stdin?.end();
    await closed;
  }

  #event(is: (event: Event) => boolean, from = 0): Promise<Event> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.#events.slice(from).find(is);
        if (found === undefined) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }
}
