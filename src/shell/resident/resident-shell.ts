import { createPlainShell } from "../plain/plain-shell.js";
import type { RunnerShell } from "../runner-shell.js";
import type { ResidentContext } from "./context.js";
import { downloadResident, listResident, updateResident } from "./files.js";
import { Residence } from "./residence.js";
import { ResidentCommand } from "./resident-command.js";

/**
 * The shell of one runner by the fast path: in two resident sessions where they can be had at once, else by the plain path, with the same
 * results (docs/runner-shell.md). `clean`: nothing has run in the runner yet.
 */
export function createResidentShell(
  context: ResidentContext,
  options: { readonly clean: boolean },
): RunnerShell {
  const plain = createPlainShell(context);
  const residence = new Residence(context, options);
  const files = { plain: context, residence };
  const alone = <T>(step: () => Promise<T>) => context.openings.ahead(context.target().nodeId, step);
  return {
    warm: (how) => residence.warm(how),
    isWarm: () => residence.isReady,
    async execute(request, handlers, how) {
      const command = await ResidentCommand.start(context, residence, { request, handlers });
      if (command !== undefined) return command;
      residence.soil();
      await residence.quiet();
      return alone(() => plain.execute(request, handlers, how));
    },
    async list(path, how) {
      const listing = await listResident(files, path, how);
      if (listing !== undefined) return listing;
      await residence.quiet();
      return alone(() => plain.list(path, how));
    },
    async update(change, how = {}) {
      residence.warm({ keep: false });
      if ((await updateResident(files, change, how)) === undefined)
        await alone(() => plain.update(change, how));
    },
    async download(path, how) {
      return (await downloadResident(files, path, how)) ?? alone(() => plain.download(path, how));
    },
    close: () => residence.close(),
  };
}
