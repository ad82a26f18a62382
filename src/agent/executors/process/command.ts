/** What a task's commands run as. Undefined: as this process's own user. */
export type OwnId = number | undefined;

/**
 * The argument list that runs `command` in `folder` with exactly `environment` (`NAME=VALUE` each), without privileges and, when this
 * process is root, as the user and group `id`.
 */
export function plainCommand(
  command: readonly string[],
  options: {
    readonly id: OwnId;
    readonly folder: string;
    readonly environment: readonly string[];
    /** A command that sets limits before it runs what follows; empty for none. */
    readonly limits: readonly string[];
  },
): readonly string[] {
  const { id } = options;
  const identity =
    id === undefined
      ? []
      : [`--reuid=${id}`, `--regid=${id}`, "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"];
  return [
    "env",
    "-i",
    "-C",
    options.folder,
    ...options.environment,
    ...options.limits,
    "/usr/bin/setpriv",
    ...identity,
    "--no-new-privs",
    "--",
    ...command,
  ];
}
