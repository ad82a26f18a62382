import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { environmentExample, keyTables } from "../../../src/config/documentation.js";
import { resolveConfig } from "../../../src/config/resolve.js";
import { configKeys } from "../../../src/config/schema.js";

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const STALE = "run: node scripts/generate-docs.mjs";

it("docs/configuration.md has the tables of the schema", () => {
  expect(read("docs/configuration.md").includes(keyTables()), STALE).toBe(true);
});

it(".env.example is that of the schema", () => {
  expect(read(".env.example") === environmentExample(), STALE).toBe(true);
});

it("every key is described", () => {
  for (const key of configKeys) {
    expect(key.description, key.name).toMatch(/^[A-Z`].*\.$/s);
    expect(keyTables()).toContain(`| \`${key.name}\` |`);
  }
});

it(".env.example without its comment signs is the default configuration", () => {
  const lines = environmentExample().split("\n");
  const variables = lines.flatMap((line) => {
    const match = /^#(POSEIDON_\w+)=(.*)$/.exec(line);
    return match === null ? [] : [[match[1] ?? "", match[2] ?? ""]];
  });
  const resolve = (environment: Record<string, string>) =>
    resolveConfig({ file: { path: "", text: undefined }, environment, randomToken: () => "r" });
  const { config, notices } = resolve(Object.fromEntries(variables));
  expect(config).toEqual(resolve({}).config);
  expect(notices.filter(({ level }) => level === "warn")).toEqual([]);
});
