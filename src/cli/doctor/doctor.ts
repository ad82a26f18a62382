import { CertificateError, readCertificate } from "../../api/http/certificate-files.js";
import { nomadOptions } from "../../app-options.js";
import { ConfigError } from "../../config/errors.js";
import { loadConfig } from "../../config/load.js";
import type { Config } from "../../config/schema.js";
import { readTemplateBase } from "../../environment/template-base.js";
import { NomadClient } from "../../nomad/client.js";
import { ConnectionLimiters } from "../../nomad/connection-limiters.js";
import { NomadExecOpener } from "../../nomad/exec-opener.js";
import { parseJobId } from "../../nomad/job-ids.js";
import { buildTemplateJob } from "../../nomad/job-template.js";
import { NomadTransport } from "../../nomad/transport.js";
import type { Job } from "../../nomad/wire.js";
import { silentLogger } from "../../telemetry/silent-logger.js";
import type { CliContext } from "../context.js";
import { type Finding, shown } from "./finding.js";
import { type NomadAccess, nodes, reachable, rights, settings, text } from "./nomad-findings.js";
import { probe } from "./probe.js";

/** `poseidon doctor`. */
export interface DoctorCommand {
  readonly config: string | undefined;
  /** The image that a runner is tried with; undefined: that of an environment that there is. */
  readonly image: string | undefined;
}

/**
 * `poseidon doctor`: looks at everything that the server needs, a line and a mend for each finding. 0 when nothing failed, 1 otherwise. It
 * starts one runner and removes it again, and changes nothing else.
 */
export async function runDoctor(command: DoctorCommand, context: CliContext): Promise<number> {
  let failed = false;
  const tell = (...findings: readonly Finding[]): void => {
    for (const finding of findings) {
      failed ||= finding.status === "fail";
      context.output.write(shown(finding));
    }
  };
  const config = await configuration(command, context, tell);
  if (config === undefined) return 1;
  if (config.nomad.enabled) await examine(config, { command, context, tell });
  else tell({ what: "Nomad", status: "skip", found: "nomad.enabled is false" });
  return failed ? 1 : 0;
}

type Tell = (...findings: readonly Finding[]) => void;

async function configuration(
  { config: path }: DoctorCommand,
  { environment }: CliContext,
  tell: Tell,
): Promise<Config | undefined> {
  const what = "configuration";
  try {
    const { config, notices } = await loadConfig({ path, environment });
    for (const { level, message, fields } of notices) {
      const found = `${message}: ${Object.values(fields).map(String).join(", ")}`;
      const mend = level === "warn" ? { mend: "see docs/configuration.md" } : {};
      tell({ what, status: level === "warn" ? "warn" : "ok", found, ...mend });
    }
    const { tls, token } = config.server;
    if (tls.active) await readCertificate({ certFile: tls.certfile, keyFile: tls.keyfile });
    if (token === "") {
      const mend = "set server.token, unless the address is a loopback one";
      tell({ what, status: "warn", found: "server.token is empty: no client has to show one", mend });
    }
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof CertificateError)) throw error;
    for (const line of error.message.split("\n"))
      tell({ what, status: "fail", found: line, mend: "see docs/configuration.md" });
    return undefined;
  }
}

async function examine(
  config: Config,
  options: { readonly command: DoctorCommand; readonly context: CliContext; readonly tell: Tell },
): Promise<void> {
  const { command, context, tell } = options;
  const nomad = nomadOptions(config);
  const transport = new NomadTransport(nomad);
  const client = new NomadClient(transport);
  const access: NomadAccess = { transport, client };
  try {
    await transport.start();
    const first = await reachable(access);
    tell(first);
    if (first.status === "fail") return;
    tell(...(await rights(access)));
    const { connections, disableforcepull: disableForcePull } = config.nomad;
    tell(...(await settings(access, { connections, disableForcePull })));
    const template = await templateFor(config, { client, image: command.image });
    tell(...(await nodes(access, driverOf(template) ?? "docker")));
    if (template === undefined) {
      const found = "no environment yet, and no --image: no runner was tried";
      return tell({ what: "a runner", status: "skip", found, mend: "poseidon doctor --image IMAGE" });
    }
    const limiters = new ConnectionLimiters({ server: transport.endpoint, connections: nomad.connections });
    const exec = new NomadExecOpener({ transport, client, limiters, logger: silentLogger });
    try {
      tell(...(await probe({ client, exec, template, signal: context.stop })));
    } finally {
      exec.stop();
    }
  } catch (error) {
    tell({ what: "Nomad", status: "fail", found: text(error), mend: "see the lines above, and Nomad's log" });
  } finally {
    await transport.stop();
  }
}

/** The job that a runner is made from: with the given image, or that of the first environment. */
async function templateFor(
  config: Config,
  { client, image }: { readonly client: NomadClient; readonly image: string | undefined },
): Promise<Job | undefined> {
  if (image !== undefined) {
    const file = config.server.templatejobfile;
    const base = file === "" ? undefined : await readTemplateBase(file, client);
    const limits = { prewarmingPoolSize: 0, cpuLimit: 20, memoryLimit: 64 };
    return buildTemplateJob(
      0,
      { ...limits, image, networkAccess: false, exposedPorts: [] },
      { base, network: config.nomad.network, disableForcePull: config.nomad.disableforcepull },
    );
  }
  const { items } = await client.listJobs({ prefix: "template-" });
  const known = items.find(({ ID }) => parseJobId(ID)?.kind === "template");
  return known && (await client.readJob(known.ID));
}

const driverOf = (job: Job | undefined): string | undefined =>
  job?.TaskGroups?.flatMap(({ Tasks }) => Tasks ?? []).find(({ Name }) => Name === "default-task")?.Driver;
