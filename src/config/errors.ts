/** One value that cannot be used. */
export interface ConfigProblem {
  /** The key, `server.port`; undefined where the file itself is at fault. */
  readonly key: string | undefined;
  /** The value as it was given, cut to a readable length; `(hidden)` for a secret. */
  readonly value: string;
  /** What would be right, or what is wrong. */
  readonly allowed: string;
  /** Where the value stands: `POSEIDON_SERVER_PORT` or the file's path. */
  readonly source: string;
}

const line = ({ key, value, allowed, source }: ConfigProblem): string =>
  key === undefined
    ? `${source}: ${allowed}`
    : `${key} is ${JSON.stringify(value)} in ${source}, allowed is ${allowed}`;

/** The configuration cannot be used, so nothing starts. Its message has one line for each problem and no secret. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(line).join("\n"));
    this.problems = problems;
  }
}
