import type { Config } from "./schema.js";

/** Two keys that do not go together: the key to be named, and what would be right. */
export interface CrossProblem {
  readonly key: string;
  readonly allowed: string;
}

/** Whatever is wrong only in view of another key. */
export function crossProblems({ server, nomad }: Config): readonly CrossProblem[] {
  const problems: CrossProblem[] = [];
  if (server.tls.active) {
    for (const name of ["certfile", "keyfile"] as const) {
      if (server.tls[name] !== "") continue;
      problems.push({
        key: `server.tls.${name}`,
        allowed: "the path of a PEM file, since server.tls.active is true",
      });
    }
  }
  const { certfile, keyfile } = nomad.tls;
  if (nomad.tls.active && (certfile === "") !== (keyfile === "")) {
    const [empty, other] = certfile === "" ? ["certfile", "keyfile"] : ["keyfile", "certfile"];
    problems.push({
      key: `nomad.tls.${empty}`,
      allowed: `the path of a PEM file, since nomad.tls.${other} is one`,
    });
  }
  return problems;
}
