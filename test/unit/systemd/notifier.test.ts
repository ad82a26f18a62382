import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createNotifier } from "../../../src/systemd/notifier.js";
import { type LogLine, recordingLogger } from "../../support/recording-logger.js";

/** A folder with a `systemd-notify` that does this. */
function program(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "notify-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "systemd-notify"), `#!/bin/sh\n${text}\n`);
  chmodSync(join(folder, "systemd-notify"), 0o755);
  return folder;
}

function notifier(PATH: string, more: Record<string, string> = { NOTIFY_SOCKET: "/run/notify" }) {
  const lines: LogLine[] = [];
  return {
    lines,
    notify: createNotifier({ environment: { PATH, ...more }, logger: recordingLogger(lines) }),
  };
}

it("hands the state and the socket over, and nothing else of the environment", async () => {
  const folder = program(`/usr/bin/env > "$0.env"; echo "$@" >> "$0.args"`);
  const { notify, lines } = notifier(folder, {
    NOTIFY_SOCKET: "/run/notify",
    POSEIDON_SERVER_TOKEN: "secret",
  });
  await notify("READY=1");
  await notify("STOPPING=1");
  expect(readFileSync(join(folder, "systemd-notify.args"), "utf8")).toBe("READY=1\nSTOPPING=1\n");
  const seen = readFileSync(join(folder, "systemd-notify.env"), "utf8");
  expect(seen).toContain("NOTIFY_SOCKET=/run/notify\n");
  expect(seen).not.toContain("secret");
  expect(lines).toEqual([]);
});

it.each([
  ["exit 3", "systemd-notify ended with 3"],
  [undefined, "systemd-notify cannot be run (ENOENT)"],
])("says once that it failed: %s", async (text, fault) => {
  const { notify, lines } = notifier(text === undefined ? "/nowhere" : program(text));
  await notify("READY=1");
  await notify("WATCHDOG=1");
  expect(lines).toMatchObject([{ level: "warn", fields: { state: "READY=1", fault } }]);
});

it("does nothing where nobody wants to know", async () => {
  const { notify, lines } = notifier("/nowhere", {});
  await notify("READY=1");
  expect(lines).toEqual([]);
});
