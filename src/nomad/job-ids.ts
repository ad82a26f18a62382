const TEMPLATE = /^template-(0|[1-9]\d*)$/;
const RUNNER = /^(0|[1-9]\d*)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The group and task that run, and the group that only stores settings (nomad.md, "Job layout"). */
export const DEFAULT_GROUP = "default-group";
export const DEFAULT_TASK = "default-task";
export const CONFIG_GROUP = "config";

/** The id of an environment's template job. */
export function templateJobId(environmentId: number): string {
  return `template-${environmentId}`;
}

/**
 * Whose job this is: only ids of these two forms are ours, nothing else in the namespace is ever touched (lifecycle.md). Undefined for
 * everything else, ids past 2^53-1 included.
 */
export function parseJobId(
  id: string,
): { readonly kind: "template" | "runner"; readonly environmentId: number } | undefined {
  const template = TEMPLATE.exec(id);
  const match = template ?? RUNNER.exec(id);
  const environmentId = Number(match?.[1]);
  if (!Number.isSafeInteger(environmentId)) return undefined;
  return { kind: template === null ? "runner" : "template", environmentId };
}
