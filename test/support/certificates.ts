import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Self-signed certificates in a folder of their own, and one pair of files that can be exchanged. */
export class Certificates {
  readonly #folder = mkdtempSync(join(tmpdir(), "poseidon-tls-"));
  readonly certFile = join(this.#folder, "served.crt");
  readonly keyFile = join(this.#folder, "served.key");

  /** Makes a certificate for 127.0.0.1 whose subject is `name`. */
  make(name: string): void {
    const options = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
    const names = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1"];
    execFileSync(
      "openssl",
      [
        "req",
        "-x509",
        ...options,
        ...names,
        "-keyout",
        this.#path(name, "key"),
        "-out",
        this.#path(name, "crt"),
      ],
      { stdio: "ignore" },
    );
  }

  /** The certificate as PEM, which is its own authority. */
  pem(name: string): string {
    return readFileSync(this.#path(name, "crt"), "utf8");
  }

  /** The path of the certificate's file. */
  pathOf(name: string): string {
    return this.#path(name, "crt");
  }

  /** Puts a certificate and its key where the server looks. */
  serve(name: string): void {
    writeFileSync(this.keyFile, readFileSync(this.#path(name, "key")));
    writeFileSync(this.certFile, this.pem(name));
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }

  #path(name: string, end: string): string {
    return join(this.#folder, `${name}.${end}`);
  }
}
