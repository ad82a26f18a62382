/** What one look of the doctor found. `mend` says what to do; it stands behind everything that is not fine. */
export interface Finding {
  readonly what: string;
  readonly status: "ok" | "warn" | "fail" | "skip";
  readonly found: string;
  readonly mend?: string;
}

/** One line for the finding, and one for its mend. */
export function shown({ what, status, found, mend }: Finding): string {
  const line = `${status.padEnd(4)}  ${what}: ${oneLine(found)}\n`;
  return mend === undefined ? line : `${line}      → ${mend}\n`;
}

/** Nomad's words may have any characters. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").slice(0, 500);
