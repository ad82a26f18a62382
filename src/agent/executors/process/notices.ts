/** What an operator must know of plain processes. `reason`: why there are no sandboxes; undefined when plain processes were asked for. */
export function processNotices(options: {
  readonly reason: string | undefined;
  readonly root: boolean;
  readonly cgroups: boolean;
}): readonly string[] {
  const identity = options.root
    ? "Each runner has a user id of its own and never root's; privileged executions run as that one too."
    : "Commands run as the user who started this program and can do and read whatever that user can, this program and its token included.";
  return [
    `DANGER: COMMANDS RUN ON THIS MACHINE WITHOUT A SANDBOX.${options.reason === undefined ? "" : ` Why: ${options.reason}.`} ` +
      `They see its files, processes and network. ${identity} Only for your own commands, never for strangers.`,
    "Without a sandbox a runner's /tmp is the machine's, its working directory is not /workspace, there is no user `user`, and network " +
      "access cannot be taken away.",
    ...(options.cgroups
      ? []
      : [
          "Control groups cannot be written: memory is limited for each process and not in sum, nothing is reported as out of memory, " +
            "and the processor is not shared out.",
        ]),
  ];
}
