import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { freePort } from "../support/free-port.js";
import { until } from "../support/until.js";

/** One series that a query gave. */
export interface Row {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

/** A Prometheus of Debian's package, on the loopback address, that scrapes one server each half second. */
export class Prometheus {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #base: string;

  private constructor(process: ChildProcess, folder: string, port: number) {
    this.#process = process;
    this.#folder = folder;
    this.#base = `http://127.0.0.1:${port}/api/v1`;
  }

  /** Scrapes the server at `port`; with `rules`, the text of a file of them, it also looks at these each half second. */
  static async start(target: { readonly port: number; readonly rules?: string }): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), "prometheus-"));
    const configuration = {
      global: { scrape_interval: "500ms", scrape_timeout: "500ms", evaluation_interval: "500ms" },
      rule_files: ["rules.yml"],
      scrape_configs: [{ job_name: "poseidon", static_configs: [{ targets: [`127.0.0.1:${target.port}`] }] }],
    };
    writeFileSync(join(folder, "prometheus.yml"), stringify(configuration));
    writeFileSync(join(folder, "rules.yml"), target.rules ?? "groups: []\n");
    const port = await freePort();
    const options = {
      "config.file": join(folder, "prometheus.yml"),
      "storage.tsdb.path": join(folder, "data"),
      "web.listen-address": `127.0.0.1:${port}`,
      "log.level": "warn",
    };
    const flags = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
    const child = spawn("prometheus", flags, { stdio: ["ignore", "ignore", "inherit"] });
    const prometheus = new Prometheus(child, folder, port);
    await until("Prometheus", async () => (await prometheus.query("vector(1)")).length === 1, {
      within: 60_000,
    });
    return prometheus;
  }

  async query(expression: string): Promise<readonly Row[]> {
    const answer = await fetch(`${this.#base}/query?${new URLSearchParams({ query: expression })}`);
    const body = (await answer.json()) as {
      status: string;
      error?: string;
      data?: { result: readonly Row[] };
    };
    if (body.status !== "success") throw new Error(`${expression}: ${body.error}`);
    return body.data?.result ?? [];
  }

  /** The names of the alerts that fire. */
  async firing(): Promise<ReadonlySet<string | undefined>> {
    const rows = await this.query('ALERTS{alertstate="firing"}');
    return new Set(rows.map(({ metric }) => metric["alertname"]));
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGTERM");
    await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
