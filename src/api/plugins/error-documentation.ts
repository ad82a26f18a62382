import { apiErrors, type ErrorRow, nomadErrors, runnerErrors, shellErrors, surprise } from "./error-table.js";

const sections: readonly (readonly [string, readonly ErrorRow[]])[] = [
  ["Requests", apiErrors],
  ["Environments and runners", Object.values(runnerErrors)],
  ["Inside a runner", Object.values(shellErrors)],
  ["Nomad", Object.values(nomadErrors)],
  ["Everything else", [surprise]],
];

/** The table of errors in Markdown, for docs/errors.md. */
export function errorTables(): string {
  const head = ["| status | `errorCode` | `message` | when | then |", "| --- | --- | --- | --- | --- |"];
  return sections
    .map(([title, rows]) => [`### ${title}`, "", ...head, ...rows.map(line)].join("\n"))
    .join("\n\n");
}

function line({ status, errorCode, message, when, cure, exception }: ErrorRow): string {
  const code = errorCode === undefined ? "–" : `\`${errorCode}\``;
  const other =
    exception === undefined ? "" : `; of ${exception.methods.join(" and ")}: \`${exception.errorCode}\``;
  const words = message === undefined ? "" : `\`${message}\``;
  return `| ${status} | ${code}${other} | ${words} | ${when} | ${cure} |`;
}
