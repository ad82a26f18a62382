import { collectDefaultMetrics, Registry } from "prom-client";
import { COUNTERS, GAUGES, HISTOGRAMS, type MetricDefinition } from "./definitions.js";

/** All metrics in Markdown, for docs/metrics.md. */
export function metricTables(): string {
  return [
    ...section("Counters", Object.values(COUNTERS)),
    ...section("Gauges", Object.values(GAUGES)),
    ...section("Histograms, in seconds", Object.values(HISTOGRAMS)),
    "### Process and event loop",
    "",
    ...table(defaultMetrics()),
  ].join("\n");
}

function section(title: string, definitions: readonly MetricDefinition[]): string[] {
  return [`### ${title}`, "", ...table(definitions), ""];
}

function table(definitions: readonly MetricDefinition[]): string[] {
  return ["| metric | labels | |", "| --- | --- | --- |", ...definitions.map(row)];
}

function row({ name, labels, help }: MetricDefinition): string {
  const shown = labels.length === 0 ? "–" : labels.map((label) => `\`${label}\``).join(", ");
  return `| \`${name}\` | ${shown} | ${help.replace(/\.$/, "").replaceAll("|", "\\|")} |`;
}

/** Those of the metrics library. Linux has them all. */
function defaultMetrics(): MetricDefinition[] {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const described = registry
    .getMetricsAsArray()
    .map(({ name, help }) => ({ name, help: help.replace(/^\w+ \| /, ""), labels: labelsOf(name) }));
  registry.clear();
  return described;
}

const LABELS: Readonly<Record<string, readonly string[]>> = {
  nodejs_active_handles: ["type"],
  nodejs_active_requests: ["type"],
  nodejs_active_resources: ["type"],
  nodejs_gc_duration_seconds: ["kind"],
  nodejs_heap_space_size_total_bytes: ["space"],
  nodejs_heap_space_size_used_bytes: ["space"],
  nodejs_heap_space_size_available_bytes: ["space"],
  nodejs_version_info: ["version", "major", "minor", "patch"],
};

const labelsOf = (name: string): readonly string[] => LABELS[name] ?? [];
