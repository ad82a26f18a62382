import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { ExecHandlers, ExecOpener } from "../../../../src/nomad/exec.js";
import { createPlainShell } from "../../../../src/shell/plain/plain-shell.js";
import { silentLogger } from "../../../../src/telemetry/silent-logger.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** How long the command takes to start, ms. */
const startTime = 100;

/** A runner whose shells are ready at once, and whose command starts when its request has come; `typed` is what its terminal gets. */
function slowRunner(typed: Buffer[]): ExecOpener {
  let terminal: { readonly handlers: ExecHandlers; readonly unique: string } | undefined;
  return {
    open: async (_target, { command, tty, handlers }) => {
      if (tty) {
        const unique = command[command.indexOf("poseidon") + 1] ?? "";
        terminal = { handlers, unique };
        queueMicrotask(() => handlers.onStdout(Buffer.from(`${unique}:=`)));
      } else queueMicrotask(() => handlers.onStdout(Buffer.from("ready\n")));
      return {
        write: (data) => {
          if (tty) typed.push(data);
          else if (data.length > 1)
            setTimeout(() => terminal?.handlers.onStdout(Buffer.from(`${terminal.unique}:!`)), startTime);
          return true;
        },
        pause: () => undefined,
        resume: () => undefined,
        close: () => undefined,
        endInput: () => undefined,
      };
    },
  };
}

it.each([
  ["before it started", 0, true],
  ["right after its start, while its shell is deaf to the signal", startTime + 100, true],
  ["later", startTime + 10_000, false],
])("a command that was to end %s gets SIGQUIT again: %s, %s", async (_when, after, again) => {
  const typed: Buffer[] = [];
  const shell = createPlainShell({
    opener: slowRunner(typed),
    target: () => ({ allocationId: "a", nodeId: "n" }),
    separateStderr: true,
    logger: silentLogger,
  });
  const onEnd = vi.fn();
  const request = { command: "true", environment: {}, privileged: false };
  const execution = shell.execute(request, { onOutput: () => undefined, onDrain: () => undefined, onEnd });
  const command = await execution;
  await vi.advanceTimersByTimeAsync(after);
  command.quit();
  await vi.advanceTimersByTimeAsync(2_900);
  expect(typed.length > 5).toBe(again);
  expect(new Set(typed.map(String))).toEqual(new Set(["\u001c"]));
  command.abandon();
  const sent = typed.length;
  await vi.advanceTimersByTimeAsync(2_000);
  expect([typed.length, onEnd.mock.calls.length]).toEqual([sent, 1]);
});
