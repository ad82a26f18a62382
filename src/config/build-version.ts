import { readFileSync } from "node:fs";

/** What was built: the package's version, and the commit where the build knew it. */
export interface BuildVersion {
  readonly version: string;
  readonly commit: string | undefined;
}

/** Reads the package's version, and the commit that `npm run build` leaves in `dist/commit.txt`. */
export function buildVersion(): BuildVersion {
  const { version }: { version: string } = JSON.parse(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
  );
  return { version, commit: readCommit() };
}

function readCommit(): string | undefined {
  try {
    return readFileSync(new URL("../commit.txt", import.meta.url), "utf8").trim() || undefined;
  } catch {
    return undefined;
  }
}
