/**
 * A path as short as it can be told without looking at any file: no `//`, no `.`, `a/../b` is `b`, no `/` at the end; empty is `.`, and
 * `..` stays at the front of a relative path (execution.md, "Update").
 */
export function cleanPath(path: string): string {
  const absolute = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (!absolute) parts.push("..");
  }
  const joined = parts.join("/");
  if (absolute) return `/${joined}`;
  return joined === "" ? "." : joined;
}

/** Whether a path to be written means a directory. */
export function isDirectoryPath(path: string): boolean {
  return path.endsWith("/");
}
