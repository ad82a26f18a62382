/** A running server of this API, and what its runners can do. */
export interface ApiTarget {
  /** Without path, e.g. `http://127.0.0.1:7200`. */
  readonly baseUrl: string;
  /** Empty: the server has none. */
  readonly token: string;
  /** An image with bash, the usual tools and a user `user`. */
  readonly image: string;
  /** Environments from this id on, 100 of them, belong to the suite. */
  readonly firstEnvironmentId: number;
  /** Whether `user` and root are two users inside (not so in a sandbox with one id). */
  readonly twoUsers: boolean;
  /** Its runners are processes of this machine, with its users, owners and `/tmp` (executor `process`). */
  readonly sharesMachine?: boolean;
  /** Whether exposed ports are mapped. */
  readonly mapsPorts: boolean;
  /** Which way commands take where they can; fast by default. */
  readonly path?: "fast" | "plain";
  /** Whether stderr comes apart from stdout (`server.interactivestderr`). */
  readonly separateStderr: boolean;
}
