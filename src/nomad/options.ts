/** The files of a TLS connection to Nomad (configuration.md, `nomad.tls.*`), as paths. */
export interface NomadTlsFiles {
  /** Checks Nomad's certificate; without it the system's authorities do. */
  readonly caFile?: string;
  /** Our own certificate and key, for mTLS. */
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** Where Nomad is and how we speak to it (configuration.md, `nomad.*`). */
export interface NomadOptions {
  readonly address: string;
  readonly port: number;
  /** Goes into `X-Nomad-Token`; without one no header is sent. */
  readonly token?: string;
  readonly namespace: string;
  /** Present: https. */
  readonly tls?: NomadTlsFiles;
  /** Connections per Nomad address, all together; 0 = no limit. */
  readonly connections: number;
}
