import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ApiClient, type Runner } from "../api/suite/client.js";
import type { ServerProcess } from "./server-process.js";

/** How often each thing is done. */
export interface Repetitions {
  /** Claim, copy, execute, list, download, delete. */
  readonly cycles: number;
  /** Downloads of 10 MB, and runs that print 10 MB and end at once. */
  readonly large: number;
  /** Short commands with mixed exit codes. */
  readonly commands: number;
  /** Bytes that one command prints. */
  readonly flood: number;
  /** How long a client does not read, and how long input is poured at a command that does not, ms. */
  readonly stuckMs: number;
}

const MB = 1_000_000;
const MINUTES = 60_000;

/** A byte for every position, so that a piece that is missing or comes twice shows. */
const large = Buffer.from(Array.from({ length: 10 * MB }, (_, at) => (at * 31 + (at >> 8)) & 0xff));

/** Nothing is lost, nothing comes twice, and nothing is left behind, however often it is done (beyond.md). */
export function exactnessSuite(
  name: string,
  start: () => Promise<ServerProcess>,
  repetitions: Repetitions,
): void {
  describe(name, () => {
    let target: ServerProcess;
    let client: ApiClient;
    let environment: number;

    beforeAll(async () => {
      target = await start();
      client = new ApiClient(target);
      environment = target.firstEnvironmentId;
      expect((await client.put(environment, { prewarmingPoolSize: 4, memoryLimit: 256 })).status).toBe(201);
    });

    afterAll(async () => {
      await client?.call("DELETE", `/execution-environments/${environment}`);
      await client?.close();
      await target?.stop();
    });

    async function withRunners(count: number, use: (runner: Runner, worker: number) => Promise<void>) {
      await Promise.all(
        Array.from({ length: count }, async (_, worker) => {
          const runner = await client.claim(environment);
          try {
            await use(runner, worker);
          } finally {
            await client.release(runner);
          }
        }),
      );
    }

    /** Until the pool is exact again; the test's time limit is the bound. */
    async function poolIsExact(): Promise<void> {
      for (;;) {
        const all = (await client.call("GET", "/statistics/execution-environments")).json();
        const { idleRunners, startingRunners, usedRunners } = all[environment];
        if (idleRunners === 4 && startingRunners === 0 && usedRunners === 0) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }

    it(`${repetitions.cycles} cycles, four at a time, byte for byte`, { timeout: 10 * MINUTES }, async () => {
      let next = 0;
      const worker = async () => {
        while (next < repetitions.cycles) {
          next += 1;
          const number = next;
          const runner = await client.claim(environment);
          try {
            await cycle(runner, number);
          } finally {
            expect((await client.release(runner)).status).toBe(204);
          }
          expect((await client.list(runner)).status).toBe(410);
        }
      };
      await Promise.all([worker(), worker(), worker(), worker()]);
      await poolIsExact();
    });

    async function cycle(runner: Runner, number: number): Promise<void> {
      const script = `printf 'out ${number}'; printf 'err ${number}' >&2; tr a-z A-Z <input.txt >output.txt; exit ${number % 256}`;
      const copied = await client.patch(runner, {
        delete: ["./*"],
        copy: [
          { path: "work/" },
          { path: "work/input.txt", content: Buffer.from(`input ${number}\n`).toString("base64") },
          { path: "work/run.sh", content: Buffer.from(script).toString("base64") },
        ],
      });
      expect([copied.status, copied.text]).toEqual([204, ""]);
      const { stdout, stderr, messages } = await client.run(runner, { command: "cd work && bash run.sh" });
      expect([stdout, stderr, messages.at(-1)]).toEqual([
        `out ${number}`,
        `err ${number}`,
        { type: "exit", data: number % 256 },
      ]);
      const listing = (await client.list(runner, { path: "./", recursive: "true" })).json();
      const names = listing.files.map((file: { name: string }) => file.name);
      expect(names).toEqual(["./work", "./work/input.txt", "./work/output.txt", "./work/run.sh"]);
      expect((await client.download(runner, { path: "work/output.txt" })).text).toBe(`INPUT ${number}\n`);
    }

    it(`${repetitions.large} downloads of 10 MB, none cut`, { timeout: 10 * MINUTES }, async () => {
      await withRunners(2, async (runner) => {
        expect((await client.write(runner, "large.bin", large)).status).toBe(204);
        for (let done = 0; done < repetitions.large / 2; done += 1) {
          const answer = await client.download(runner, { path: "large.bin" });
          expect(answer.headers["content-length"]).toBe(String(large.length));
          expect(answer.bytes.equals(large)).toBe(true);
        }
      });
    });

    it(`${repetitions.large} runs that print 10 MB and end at once, none cut`, {
      timeout: 15 * MINUTES,
    }, async () => {
      const printed = `${"0123456789".repeat(9)}123456789\r\n`;
      await withRunners(2, async (runner) => {
        const line = `${"0123456789".repeat(9)}123456789`;
        await client.write(
          runner,
          "print.sh",
          `for ((i = 0; i < 1000; i++)); do lines+='${line}'$'\\n'; done\n`.concat(
            // 100 writes of 100 KB each, and the end right behind the last.
            'for ((i = 0; i < 100; i++)); do printf %s "$lines"; done\n',
          ),
        );
        for (let done = 0; done < repetitions.large / 2; done += 1) {
          const { stdout, last } = await client.run(runner, { command: "bash print.sh" });
          expect(last).toEqual({ type: "exit", data: 0 });
          expect(stdout.length).toBe(100_000 * printed.length);
          expect(stdout === printed.repeat(100_000)).toBe(true);
        }
      });
    });

    it(`${repetitions.commands} short commands with mixed exit codes, each right`, {
      timeout: 15 * MINUTES,
    }, async () => {
      await withRunners(4, async (runner, worker) => {
        for (let done = worker; done < repetitions.commands; done += 4) {
          const code = (done * 7) % 256;
          const { stdout, stderr, last } = await client.run(runner, {
            command: `echo o${done}; echo e${done} >&2; exit ${code}`,
          });
          expect([stdout, stderr, last]).toEqual([
            `o${done}\r\n`,
            `e${done}\r\n`,
            { type: "exit", data: code },
          ]);
        }
      });
    });

    it(`${repetitions.flood / MB} MB of output in one command, none lost, at constant memory`, {
      timeout: 15 * MINUTES,
    }, async () => {
      await withRunners(1, async (runner) => {
        const before = target.memory();
        const execution = await client.start(runner, {
          command: `yes 0123456789abcdef | head -c ${repetitions.flood}; exit 9`,
        });
        const line = "0123456789abcdef\r\n";
        let [length, wrong, most] = [0, 0, 0];
        execution.ws.on("message", () => {
          most = Math.max(most, target.memory());
          const { type, data } = execution.messages.at(-1) ?? { type: "" };
          if (type !== "stdout") return;
          // Looked at piece by piece: all of it would be this process' memory.
          execution.messages.pop();
          const text = String(data);
          const start = length % line.length;
          const expected = line.repeat(Math.ceil(text.length / line.length) + 1);
          if (expected.slice(start, start + text.length) !== text) wrong += 1;
          length += text.length;
        });
        const { messages } = await execution.result;
        expect(messages).toEqual([{ type: "start" }, { type: "exit", data: 9 }]);
        // Each line has a CR more on the terminal; the last one may be cut.
        expect(length).toBe(repetitions.flood + Math.floor(repetitions.flood / (line.length - 1)));
        expect(wrong).toBe(0);
        expect(most - before).toBeLessThan(100 * MB);
      });
    });

    it("a client that does not read costs constant memory, and so does a command that does not", {
      timeout: 3 * MINUTES,
    }, async () => {
      await withRunners(1, async (runner) => {
        const before = target.memory();
        const deaf = await client.start(runner, { command: "yes" });
        await deaf.stdout("y");
        deaf.ws.pause();
        await observe(before);
        deaf.ws.terminate();
        const sleeper = await client.start(runner, { command: "sleep 1000" });
        await sleeper.started();
        const chunk = "x".repeat(64 * 1024);
        await observe(before, () => {
          // What the server does not take stays with the client, which must not grow for it either.
          while (sleeper.ws.bufferedAmount < 4 * MB) sleeper.send(chunk);
        });
        sleeper.ws.terminate();
      });
      await poolIsExact();
    });

    /** Watches the server's memory; the bound is the specification's. */
    async function observe(before: number, meanwhile: () => void = () => undefined): Promise<void> {
      const until = performance.now() + repetitions.stuckMs;
      while (performance.now() < until) {
        meanwhile();
        expect(target.memory() - before).toBeLessThan(100 * MB);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  });
}
