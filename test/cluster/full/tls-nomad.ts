import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { until } from "../../support/until.js";

const run = promisify(execFile);

/** Where Nomad's own certificates of a test are. */
export interface Certificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A Nomad that speaks TLS alone and asks for a client's certificate. Its one driver is `raw_exec`: there is no Docker. */
export class TlsNomad {
  readonly port: number;
  readonly client: Certificates;
  /** Of another authority. */
  readonly stranger: Certificates;
  readonly #folder: string;
  readonly #stop: () => Promise<void>;

  private constructor(
    folder: string,
    options: { readonly port: number; readonly stop: () => Promise<void> },
  ) {
    this.#folder = folder;
    this.port = options.port;
    this.#stop = options.stop;
    this.client = certificates(`${folder}/own`, "cli");
    this.stranger = certificates(`${folder}/other`, "cli");
  }

  static async start(port: number): Promise<TlsNomad> {
    const nomad = process.env.NOMAD_BIN ?? "nomad";
    const folder = mkdtempSync("/tmp/psd-");
    for (const authority of ["own", "other"]) {
      await run("mkdir", [`${folder}/${authority}`]);
      const cwd = { cwd: `${folder}/${authority}` };
      await run(nomad, ["tls", "ca", "create"], cwd);
      for (const kind of ["-server", "-cli"]) await run(nomad, ["tls", "cert", "create", kind], cwd);
    }
    const { ca, cert, key } = certificates(`${folder}/own`, "server");
    writeFileSync(`${folder}/agent.hcl`, configuration({ folder, port, ca, cert, key }));
    const child = spawn(nomad, ["agent", "-config", `${folder}/agent.hcl`], { stdio: "ignore", cwd: "/" });
    const exited = once(child, "exit");
    const stop = async () => {
      child.kill("SIGINT");
      await exited;
    };
    const started = new TlsNomad(folder, { port, stop });
    await until(
      "Nomad's node",
      async () => (await started.call("GET", "/v1/nodes")).includes('"Status":"ready"'),
      { within: 60_000 },
    );
    return started;
  }

  /** A request with the right certificate; the answer's text. */
  async call(method: string, path: string): Promise<string> {
    const { ca, cert, key } = this.client;
    const url = `https://127.0.0.1:${this.port}${path}`;
    const { stdout } = await run("curl", [
      "-q",
      "-sS",
      "-X",
      method,
      "--cacert",
      ca,
      "--cert",
      cert,
      "--key",
      key,
      url,
    ]);
    return stdout;
  }

  async stop(): Promise<void> {
    for (const { ID } of JSON.parse(await this.call("GET", "/v1/jobs")) as { ID: string }[])
      await this.call("DELETE", `/v1/job/${ID}?purge=true`);
    await until(
      "the end of all tasks",
      () => !readFileSync("/proc/self/mountinfo", "utf8").includes(`${this.#folder}/`),
      {
        within: 60_000,
      },
    ).catch(() => undefined);
    await this.#stop();
    for (const line of readFileSync("/proc/self/mountinfo", "utf8").split("\n")) {
      const point = line.split(" ")[4] ?? "";
      if (point.startsWith(`${this.#folder}/`)) await run("umount", [point]);
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function certificates(folder: string, kind: "server" | "cli"): Certificates {
  const name = `${folder}/global-${kind}-nomad`;
  return { ca: `${folder}/nomad-agent-ca.pem`, cert: `${name}.pem`, key: `${name}-key.pem` };
}

function configuration(options: Certificates & { readonly folder: string; readonly port: number }): string {
  const { folder, port, ca, cert, key } = options;
  return `
data_dir = "${folder}/data"
bind_addr = "127.0.0.1"
disable_update_check = true
ports {
  http = ${port}
  rpc  = ${port + 1}
  serf = ${port + 2}
}
advertise {
  http = "127.0.0.1"
  rpc  = "127.0.0.1"
  serf = "127.0.0.1"
}
server {
  enabled          = true
  bootstrap_expect = 1
}
client {
  enabled           = true
  network_interface = "lo"
  options = {
    "driver.allowlist"     = "raw_exec"
    "fingerprint.denylist" = "env_aws,env_gce,env_azure,env_digitalocean,consul,vault,bridge,cni"
  }
}
plugin "raw_exec" {
  config {
    enabled = true
  }
}
tls {
  http                   = true
  rpc                    = true
  ca_file                = "${ca}"
  cert_file              = "${cert}"
  key_file               = "${key}"
  verify_server_hostname = true
  verify_https_client    = true
}
`;
}
