import type { TaskEvent } from "../../nomad/wire.js";
import type { TaskExit } from "../executor.js";
import { duration } from "../job/validate-group.js";
import { nanoseconds } from "../state/records.js";

/** Nomad keeps the newest ten events of a task. */
export const TASK_EVENT_LIMIT = 10;

const BLANK = {
  Details: {},
  DiskLimit: 0,
  DownloadError: "",
  DriverError: "",
  DriverMessage: "",
  ExitCode: 0,
  FailedSibling: "",
  FailsTask: false,
  GenericSource: "",
  KillError: "",
  KillReason: "",
  KillTimeout: 0,
  Message: "",
  RestartReason: "",
  SetupError: "",
  Signal: 0,
  StartDelay: 0,
  TaskSignal: "",
  TaskSignalReason: "",
  ValidationError: "",
  VaultError: "",
} as const;

function event(type: string, display: string, fields: Readonly<Record<string, unknown>> = {}): TaskEvent {
  return { ...BLANK, ...fields, Type: type, DisplayMessage: display, Time: nanoseconds() };
}

/** The events of a task's history, as Nomad 1.10.5 words them (recordings). */
export const taskEvents = {
  received: () => event("Received", "Task received by client"),

  setup: () => {
    const message = "Building Task Directory";
    return event("Task Setup", message, { Message: message, Details: { message } });
  },

  started: () => event("Started", "Task started by client"),

  driverFailure: (reason: string) =>
    event("Driver Failure", reason, { DriverError: reason, Details: { driver_error: reason } }),

  terminated: (exit: TaskExit) => {
    const parts = [`Exit Code: ${exit.exitCode}`];
    if (exit.signal !== 0) parts.push(`Signal: ${exit.signal}`);
    if (exit.oomKilled) parts.push('Exit Message: "OOM Killed"');
    return event("Terminated", parts.join(", "), {
      ExitCode: exit.exitCode,
      Signal: exit.signal,
      Message: exit.oomKilled ? "OOM Killed" : "",
      Details: {
        exit_code: String(exit.exitCode),
        signal: String(exit.signal),
        oom_killed: String(exit.oomKilled),
        ...(exit.oomKilled ? { exit_message: "OOM Killed" } : {}),
      },
    });
  },

  /** @param delay nanoseconds */
  restarting: (delay: number) =>
    event("Restarting", `Task restarting in ${duration(delay)}`, {
      RestartReason: "Restart within policy",
      StartDelay: delay,
      Details: { restart_reason: "Restart within policy", start_delay: String(delay) },
    }),

  notRestarting: (reason: string) =>
    event("Not Restarting", reason, {
      FailsTask: true,
      RestartReason: reason,
      Details: { fails_task: "true", restart_reason: reason },
    }),

  killing: (timeout: number) =>
    event("Killing", `Sent interrupt. Waiting ${duration(timeout)} before force killing`, {
      KillTimeout: timeout,
      Details: { kill_timeout: duration(timeout) },
    }),

  killed: () => event("Killed", "Task successfully killed"),
} as const;
