import type { IdMapping } from "./enter.js";

/** What an operator must know of sandboxes with these means. */
export function sandboxNotices(means: {
  readonly ids: IdMapping["kind"];
  /** Undefined: no control groups. */
  readonly cgroups: { readonly hasCpu: boolean } | undefined;
}): readonly string[] {
  const notices = [
    "Sandboxes with network access use this machine's own network: its loopback can be reached, ports can collide and are not mapped.",
  ];
  if (means.ids === "single") {
    notices.push(
      "Sandboxes have one user id only: privileged and unprivileged executions are not protected from each other. Not for strangers. " +
        "Run as root, or install uidmap and give this user 65536 subordinate ids.",
    );
  }
  if (means.cgroups === undefined) {
    notices.push(
      "Control groups cannot be written: memory is limited for each process and not in sum, nothing is reported as out of memory, " +
        "and the processor is not shared out.",
    );
  } else if (!means.cgroups.hasCpu) {
    notices.push("There is no processor controller: the processor is not shared out.");
  }
  return notices;
}
