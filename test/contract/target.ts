import { request as httpRequest, type IncomingMessage } from "node:http";
import WebSocket from "ws";
import type { EventFrame, ExecOutputFrame, NomadEvent } from "../../src/nomad/wire.js";

/** What the contract suite runs against: the embedded agent, or a real Nomad. */
export interface Target {
  /** `http://127.0.0.1:4646` */
  readonly address: string;
  readonly token: string | undefined;
  /** The driver config's image. */
  readonly image: string;
  readonly driver: string;
  /** Whether commands really run in the tasks (not with the `null` executor). */
  readonly canRun: boolean;
  /** Whether Docker itself runs the tasks, with what it says of commands that do not exist and of daemons on a TTY. */
  readonly isDocker: boolean;
  /** Whether tasks have `/workspace` and a root of their own. */
  readonly hasWorkspace: boolean;
  /** Whether memory limits kill (Docker, or cgroups). */
  readonly canRunOutOfMemory: boolean;
  /** Begins every job id of this run, so that runs do not meet. */
  readonly prefix: string;
}

/** An answer, read to its end. `body` is the parsed JSON, or the text where it is none. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of many shapes, and fails where they are others
  readonly body: any;
}

function headersOf(target: Target): Record<string, string> {
  return target.token === undefined ? {} : { "X-Nomad-Token": target.token };
}

/** One request. */
export function call(target: Target, method: string, path: string, body?: unknown): Promise<Answer> {
  const payload = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      `${target.address}${path}`,
      { method, agent: false, headers: headersOf(target) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parse(text) });
        });
      },
    );
    request.on("error", reject);
    request.end(payload);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** An open event stream with everything that came so far. */
export class Events {
  readonly frames: EventFrame[] = [];
  /** What was not JSON. */
  readonly rubbish: string[] = [];
  ended = false;
  readonly headers: IncomingMessage["headers"];
  readonly #waiters = new Set<() => void>();
  readonly #close: () => void;

  private constructor(response: IncomingMessage, close: () => void) {
    this.headers = response.headers;
    this.#close = close;
    let rest = "";
    response.setEncoding("utf8");
    response.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#take(line);
      this.#wake();
    });
    const end = () => {
      if (rest !== "") this.#take(rest);
      rest = "";
      this.ended = true;
      this.#wake();
    };
    response.on("close", end);
    response.on("error", end);
  }

  /** @param query such as `topic=Job:*&index=3` */
  static open(target: Target, query = "topic=Job:*&topic=Allocation:*&topic=Evaluation:*"): Promise<Events> {
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        `${target.address}/v1/event/stream?${query}`,
        { agent: false, headers: headersOf(target) },
        (response) => {
          if (response.statusCode === 200) resolve(new Events(response, () => request.destroy()));
          else reject(new Error(`event stream: ${response.statusCode}`));
        },
      );
      request.on("error", (error) => reject(error));
      request.end();
    });
  }

  /** All events so far, in order. */
  get all(): readonly NomadEvent[] {
    return this.frames.flatMap((frame) => frame.Events ?? []);
  }

  /** Those of one job. */
  ofJob(job: string): readonly NomadEvent[] {
    return this.all.filter((event) => jobOf(event) === job);
  }

  /** Resolves with the first event that fits, of the past too. */
  async waitFor(what: string, fits: (event: NomadEvent) => boolean, timeout = 30_000): Promise<NomadEvent> {
    await this.until(what, () => this.all.some(fits), timeout);
    return this.all.find(fits)!;
  }

  /** Resolves once `done` holds; looks after every line. */
  until(what: string, done: () => boolean, timeout = 30_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (error?: Error) => {
        clearTimeout(timer);
        this.#waiters.delete(look);
        if (error === undefined) resolve();
        else reject(error);
      };
      const look = () => {
        if (done()) finish();
        else if (this.ended) finish(new Error(`the event stream ended before: ${what}`));
      };
      const timer = setTimeout(() => finish(new Error(`no event in ${timeout} ms: ${what}`)), timeout);
      this.#waiters.add(look);
      look();
    });
  }

  close(): void {
    this.#close();
  }

  #take(line: string): void {
    const frame = parse(line);
    if (typeof frame === "object" && frame !== null) this.frames.push(frame as EventFrame);
    else this.rubbish.push(line);
  }

  #wake(): void {
    for (const waiter of [...this.#waiters]) waiter();
  }
}

/** The job that an event is about. */
export function jobOf(event: NomadEvent): string | undefined {
  const { Job, Allocation, Evaluation } = event.Payload;
  return Job?.ID ?? Allocation?.JobID ?? Evaluation?.JobID;
}

/** How an exec session went. */
export interface ExecResult {
  readonly frames: readonly ExecOutputFrame[];
  readonly stdout: string;
  readonly stderr: string;
  /** The close of the WebSocket: 1006 where there was no close frame. */
  readonly code: number;
  readonly reason: string;
}

/** An exec session that is open. */
export interface OpenExec {
  send(frame: unknown): void;
  /** Resolves once the output so far fits. */
  waitForOutput(fits: (output: string, errors: string) => boolean): Promise<void>;
  readonly done: Promise<ExecResult>;
  terminate(): void;
}

/** Opens an exec session; it is sent nothing by itself. */
export function openExec(
  target: Target,
  allocation: string,
  command: readonly string[],
  options: { readonly tty?: boolean; readonly task?: string } = {},
): OpenExec {
  const query = new URLSearchParams({
    task: options.task ?? "default-task",
    tty: String(options.tty ?? false),
    command: JSON.stringify(command),
  });
  const url = `${target.address.replace(/^http/, "ws")}/v1/client/allocation/${allocation}/exec?${query}`;
  const socket = new WebSocket(url, { headers: headersOf(target) });
  const frames: ExecOutputFrame[] = [];
  const waiters = new Set<() => void>();
  const opened = new Promise<void>((resolve) => socket.once("open", () => resolve()));
  const text = (stream: "stdout" | "stderr") =>
    Buffer.concat(frames.map((frame) => Buffer.from(frame[stream]?.data ?? "", "base64"))).toString("utf8");
  socket.on("message", (data) => {
    frames.push(JSON.parse(String(data)) as ExecOutputFrame);
    for (const waiter of [...waiters]) waiter();
  });
  const done = new Promise<ExecResult>((resolve, reject) => {
    socket.on("error", reject);
    socket.on("close", (code, reason) =>
      resolve({ frames, stdout: text("stdout"), stderr: text("stderr"), code, reason: reason.toString() }),
    );
  });
  done.catch(() => undefined);
  return {
    done,
    send: (frame) => void opened.then(() => socket.send(JSON.stringify(frame))),
    terminate: () => socket.terminate(),
    waitForOutput: (fits) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!fits(text("stdout"), text("stderr"))) return;
          waiters.delete(look);
          resolve();
        };
        waiters.add(look);
        done.then(
          ({ code, reason }) =>
            reject(new Error(`ended with ${code} ${reason}: ${JSON.stringify(frames.slice(-4))}`)),
          reject,
        );
        look();
      }),
  };
}

/** Runs a command to its end. */
export function exec(
  target: Target,
  allocation: string,
  command: readonly string[],
  options: { readonly tty?: boolean; readonly task?: string } = {},
): Promise<ExecResult> {
  return openExec(target, allocation, command, options).done;
}
