import { readFile } from "node:fs/promises";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import type { NomadTlsFiles } from "./options.js";

/** The contents of the TLS files, as Node's TLS takes them. */
export interface TlsMaterial {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** Reads the files; rejects with the file system's error. */
export async function readTlsMaterial(files: NomadTlsFiles): Promise<TlsMaterial> {
  const [ca, cert, key] = await Promise.all(
    [files.caFile, files.certFile, files.keyFile].map((path) => (path ? readFile(path) : undefined)),
  );
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

/**
 * Checks the certificate of a node that is reached under its own address. Nomad's certificates seldom name that address but
 * `client.<region>.nomad`, which Nomad's own clients accept, too; the authority is checked in any case.
 */
export function checkNodeIdentity(host: string, certificate: PeerCertificate): Error | undefined {
  const error = checkServerIdentity(host, certificate);
  if (error === undefined) return undefined;
  const names = (certificate.subjectaltname ?? "").split(", ");
  return names.some((name) => /^DNS:client\.[^.]+\.nomad$/i.test(name)) ? undefined : error;
}
