import { writeFile } from "node:fs/promises";
import { parseOptions, USAGE, UsageError } from "./options.js";
import { formatResults } from "./report/results.js";
import { formatScale } from "./scale/report.js";
import { runScale } from "./scale/run.js";
import { runTable } from "./table.js";

const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => stop.abort(new Error(`stopped by ${name}`)));
}
const run = { say: (line: string) => process.stderr.write(`  ${line}\n`), signal: stop.signal };

async function main(): Promise<number> {
  try {
    const options = parseOptions(process.argv.slice(2), process.env);
    const { text, results } = options.scale
      ? await runScale(options, run).then((scale) => ({ text: formatScale(scale), results: scale }))
      : await runTable(options, run).then((table) => ({ text: formatResults(table), results: table }));
    process.stdout.write(`${text}\n`);
    if (options.json !== undefined)
      await writeFile(options.json, `${JSON.stringify(results, undefined, 2)}\n`);
    return 0;
  } catch (error) {
    const isUsage = error instanceof UsageError;
    const message = error instanceof Error ? error.message : String(error);
    if (message !== "") process.stderr.write(`bench: ${message}\n`);
    if (isUsage) process.stderr.write(USAGE);
    return isUsage ? 2 : 1;
  }
}

process.exitCode = await main();
