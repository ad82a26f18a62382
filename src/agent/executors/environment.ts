/** Where the programs of a task are looked for, as in Docker's images. */
export const CONTAINER_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The environment of the launchers that run outside a task; nothing of this process's own may get in. */
export const LAUNCHER_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: `${CONTAINER_PATH}:${process.env.PATH ?? ""}`,
};

/**
 * The variables that a process of a task starts with: what Docker gives (`TERM` only with a terminal) and the task's own, which win.
 */
export function containerEnvironment(options: {
  readonly hostname: string;
  readonly home: string;
  readonly tty: boolean;
  readonly variables: Readonly<Record<string, string>>;
}): Readonly<Record<string, string>> {
  return {
    PATH: CONTAINER_PATH,
    HOSTNAME: options.hostname,
    ...(options.tty ? { TERM: "xterm" } : {}),
    ...options.variables,
    HOME: options.variables.HOME ?? options.home,
  };
}

/** `env`'s arguments for these variables. */
export function assignments(environment: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(environment).map(([name, value]) => `${name}=${value}`);
}

/** A task's host name: the beginning of its allocation's id, as Docker takes the beginning of the container's. */
export function taskHostname(allocationId: string): string {
  const name = allocationId
    .replace(/[^0-9a-zA-Z-]/g, "")
    .slice(0, 12)
    .replace(/^-+|-+$/g, "");
  return name === "" ? "runner" : name;
}
