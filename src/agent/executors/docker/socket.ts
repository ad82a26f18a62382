const DEFAULT_SOCKET = "/var/run/docker.sock";

/**
 * The path of the Unix socket that `host` names, in the form of `DOCKER_HOST`; Docker's own where that is unset.
 * @throws Error for any other kind of address: what a network carries is not for commands of strangers.
 */
export function dockerSocket(host: string | undefined): string {
  if (host === undefined || host === "") return DEFAULT_SOCKET;
  const path = /^unix:\/\/(\/.+)$/.exec(host)?.[1];
  if (path !== undefined) return path;
  const kind = /^\w+(?=:\/\/)/.exec(host)?.[0];
  const named = kind === undefined ? "something else" : `one of the kind ${kind}://`;
  throw new Error(
    `the executor docker needs a Unix socket as Docker's address (unix:///path), and DOCKER_HOST is ${named}`,
  );
}
