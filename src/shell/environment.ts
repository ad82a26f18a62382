/**
 * The environment that a request adds, as `NAME=VALUE`. `CODEOCEAN=true` is always in it, whatever the request says (execution.md).
 * What is taken away before (`NOMAD_…`) the runner does itself, since only it knows the names.
 */
export function environmentPairs(environment: Readonly<Record<string, string>>): string[] {
  const pairs = Object.entries(environment)
    .filter(([name]) => name !== "CODEOCEAN")
    .map(([name, value]) => `${name}=${value}`);
  return [...pairs, "CODEOCEAN=true"];
}
