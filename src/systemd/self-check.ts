import { readFile } from "node:fs/promises";
import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";

/** Where and how the server asks itself. */
export interface SelfCheckOptions {
  /** The address that the server listens on, or the path of its Unix socket. */
  readonly address: string;
  readonly port: number;
  /** Set over TLS; without a `caFile` the certificate is not checked, for nothing secret is sent. */
  readonly tls: { readonly caFile: string } | undefined;
  readonly userAgent: string;
}

/** All interfaces: any of them would do. */
const WILDCARDS: ReadonlySet<string> = new Set(["", "0.0.0.0", "::"]);

/** Asks the server's own health route; true when it answered, 503 included. Resolves with false when it did not, or at the signal. */
export async function selfCheck(
  options: SelfCheckOptions,
  { signal }: { readonly signal: AbortSignal },
): Promise<boolean> {
  const { address, port, tls, userAgent } = options;
  const where = address.startsWith("/")
    ? { socketPath: address }
    : { port, host: WILDCARDS.has(address) ? "localhost" : address };
  const common = {
    ...where,
    path: "/api/v1/health",
    agent: false as const,
    // No Host of our own: Node would look for that name in the certificate.
    headers: { "user-agent": userAgent },
    signal,
  };
  try {
    const trust = tls && (await trusted(tls.caFile));
    return await new Promise<boolean>((resolve, reject) => {
      const request = trust === undefined ? requestPlain(common) : requestTls({ ...common, ...trust });
      request.once("response", (response) => {
        response.resume();
        resolve(true);
      });
      request.once("error", reject);
      request.end();
    });
  } catch {
    return false;
  }
}

async function trusted(caFile: string) {
  return caFile === "" ? { rejectUnauthorized: false } : { ca: await readFile(caFile) };
}
