import type { CommandHandlers, CommandRequest, RunnerShell, RunningCommand } from "../runner-shell.js";
import { PlainCommand } from "./command.js";
import type { PlainContext } from "./context.js";
import { downloadFile } from "./download.js";
import { listFiles } from "./list.js";
import { updateFiles } from "./update.js";

/** The shell of one runner by the plain path: each step in exec sessions of its own (execution.md). Keeps nothing open between steps. */
export function createPlainShell(context: PlainContext): RunnerShell {
  let saidOneStream = false;
  const onStreams = (streams: 1 | 2) => {
    if (streams === 2 || !context.separateStderr || saidOneStream) return;
    saidOneStream = true;
    context.logger.warn("no writable /tmp or /dev/shm in the runner: stderr comes as stdout");
  };
  return {
    async execute(
      request: CommandRequest,
      handlers: CommandHandlers,
      how: { readonly signal?: AbortSignal } = {},
    ): Promise<RunningCommand> {
      const command = new PlainCommand(handlers);
      onStreams(await command.open(context, request, how));
      return command;
    },
    list: (path, options) => listFiles(context, path, options),
    update: (change, options) => updateFiles(context, change, options),
    download: (path, options) => downloadFile(context, path, options),
    warm: () => undefined,
    isWarm: () => false,
    close: () => Promise.resolve(),
  };
}
