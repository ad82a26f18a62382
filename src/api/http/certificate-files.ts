import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { watchFiles } from "../../lib/watch-files.js";
import type { Logger } from "../../telemetry/logger.js";
import type { ServerCertificate } from "../options.js";

/** `server.tls.certfile` or `.keyfile` cannot be used; the message names key, file and fault, and nothing of the files' contents. */
export class CertificateError extends Error {
  override readonly name = "CertificateError";
}

/** Where the server's certificate is, as paths of PEM files. */
export interface CertificatePaths {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Reads the server's certificate and key, and checks that they belong together. Rejects with a CertificateError. */
export async function readCertificate({ certFile, keyFile }: CertificatePaths): Promise<ServerCertificate> {
  const [cert, key] = await Promise.all([read("certfile", certFile), read("keyfile", keyFile)]);
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const fault = (error as NodeJS.ErrnoException).code ?? "no PEM";
    throw new CertificateError(
      `server.tls.certfile ${certFile} and server.tls.keyfile ${keyFile} cannot be used together (${fault})`,
    );
  }
  return { cert, key };
}

async function read(key: string, path: string): Promise<Buffer> {
  return await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new CertificateError(`server.tls.${key} ${path} cannot be read (${error.code})`);
  });
}

/** What the files of a certificate are kept with. */
export interface CertificateFilesOptions {
  readonly paths: CertificatePaths;
  /** Takes the certificate for connections to come. */
  readonly apply: (certificate: ServerCertificate) => void;
  readonly logger: Logger;
}

/** Keeps the server's certificate as its files have it: read at the start, when they change, and when somebody asks (SIGHUP). */
export class CertificateFiles {
  readonly #options: CertificateFilesOptions;
  #notAfter: Date | undefined;
  #unwatch: (() => void) | undefined;
  /** One after the other: the last one read must be the last one applied. */
  #reading: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: CertificateFilesOptions) {
    this.#options = options;
  }

  /** Until when the certificate is valid. */
  get notAfter(): Date | undefined {
    return this.#notAfter;
  }

  /** Rejects with a CertificateError when there is no usable certificate. */
  async start(): Promise<void> {
    await this.#read();
    const { certFile, keyFile } = this.#options.paths;
    if (!this.#stopped) this.#unwatch ??= watchFiles([certFile, keyFile], () => void this.reload());
  }

  /** Reads the files again; what cannot be used is logged, and the certificate stays the one it was. */
  reload(): Promise<void> {
    this.#reading = this.#reading.then(async () => {
      if (this.#stopped) return;
      try {
        await this.#read();
        this.#options.logger.info("the certificate was read again", { not_after: this.#notAfter });
      } catch (error) {
        this.#options.logger.warn("the certificate could not be read again, the old one stays", { error });
      }
    });
    return this.#reading;
  }

  stop(): void {
    this.#stopped = true;
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  async #read(): Promise<void> {
    const { paths, apply, logger } = this.#options;
    const certificate = await readCertificate(paths);
    this.#notAfter = new Date(new X509Certificate(certificate.cert).validTo);
    if (this.#notAfter.getTime() < Date.now())
      logger.warn("the server's certificate is not valid any more", { not_after: this.#notAfter });
    apply(certificate);
  }
}
