import { CertificateError, readCertificate } from "../api/http/certificate-files.js";
import { ConfigError } from "../config/errors.js";
import { loadConfig } from "../config/load.js";
import type { CliContext } from "./context.js";

/** `--check-config`: says what a start would say, and ends with 0 if the server would start, with 1 if not. */
export async function checkConfig(
  { config: path }: { readonly config: string | undefined },
  { environment, output, errors }: CliContext,
): Promise<number> {
  try {
    const { config, notices } = await loadConfig({ path, environment });
    const { active, certfile, keyfile } = config.server.tls;
    if (active) await readCertificate({ certFile: certfile, keyFile: keyfile });
    for (const { message, fields } of notices)
      output.write(`${message}: ${Object.values(fields).map(String).join(", ")}\n`);
    output.write("the configuration can be used\n");
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof CertificateError)) throw error;
    errors.write(`${error.message}\n`);
    return 1;
  }
}
