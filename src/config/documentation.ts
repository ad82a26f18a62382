import { type ConfigKey, configKeys } from "./schema.js";

const sections = [...new Set(configKeys.map(({ path }) => path[0]))];
const keysOf = (section: string | undefined): readonly ConfigKey[] =>
  configKeys.filter(({ path }) => path[0] === section);

/** The keys in Markdown, a table for each section of the file, for docs/configuration.md. */
export function keyTables(): string {
  const tables = sections.map((section) =>
    [`### ${section}`, "", "| key | default | |", "| --- | --- | --- |", ...keysOf(section).map(row)].join(
      "\n",
    ),
  );
  return tables.join("\n\n");
}

/** The keys that are read and checked but have no effect yet, in one table. */
export function laterTable(): string {
  const later = configKeys.filter((key) => key.later);
  return [
    "| key | default |",
    "| --- | --- |",
    ...later.map(({ name, shown }) => `| \`${name}\` | ${shownAs(shown)} |`),
  ].join("\n");
}

const shownAs = (shown: string): string => (shown === "" ? "–" : `\`${shown}\``);

function row(key: ConfigKey): string {
  return `| \`${key.name}\` | ${shownAs(key.shown)} | ${sentences(key).join(" ").replaceAll("|", "\\|")} |`;
}

/** A `.env` file in which every variable stands with its description and its default, commented out. */
export function environmentExample(): string {
  const head = [
    "# Every key of the configuration as a variable, with its default. Generated from src/config: npm run build &&",
    "# node scripts/generate-docs.mjs. Lists are separated by spaces; an empty variable makes a text empty.",
  ];
  const keys = configKeys.filter(({ kind }) => kind !== "map" && kind !== "ports");
  const blocks = keys.map((key) => {
    const value = key.shown === "random" ? "" : key.shown;
    return ["", ...sentences(key).map((sentence) => `# ${sentence}`), `#${key.variable}=${value}`].join("\n");
  });
  return `${[...head, ...blocks].join("\n")}\n`;
}

function sentences(key: ConfigKey): readonly string[] {
  const allowed =
    key.kind === "boolean" || key.allowed === "a text" || key.kind === "texts" ? [] : [key.allowed];
  return [
    key.description,
    ...allowed.map((text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`),
    ...(key.later ? ["Accepted, without effect yet."] : []),
    ...(key.kind === "map" || key.kind === "ports" ? ["In the file only."] : []),
  ];
}
