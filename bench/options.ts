import { parseArgs } from "node:util";

/** What the bench was asked for. */
export interface BenchOptions {
  readonly target: "agent" | "cluster";
  /** A server that is there already; undefined: the bench starts one. */
  readonly url: string | undefined;
  readonly token: string;
  /** The process of that server, for memory and CPU. */
  readonly pid: number | undefined;
  readonly executor: string | undefined;
  readonly image: string | undefined;
  readonly pythonImage: string | undefined;
  readonly repetitions: number;
  /** ms a step may take. */
  readonly limitMs: number;
  readonly firstEnvironmentId: number;
  readonly json: string | undefined;
  /** A folder for CPU profiles of the servers that are started. */
  readonly profile: string | undefined;
  /** Ids of steps; empty: all. */
  readonly only: readonly string[];
  readonly scale: boolean;
  /** Share of the sizes that performance.md names, for the largest of the three. */
  readonly scaleFactor: number;
}

/** The command line cannot be understood. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export const USAGE = `usage: npm run bench -- [options]

  --target agent|cluster  where the bench starts its server: on an embedded agent (default), or on the Nomad
                          of NOMAD_ADDR and NOMAD_TOKEN (source the env file of test/cluster)
  --executor NAME         the agent's executor (default: what works here)
  --url URL --token TEXT  measure a server that runs already; --pid N its process, if it is on this machine
  --image NAME            the image (default: POSEIDON_TEST_IMAGE)
  --python-image NAME     a second one (default: POSEIDON_TEST_IMAGE_PYTHON)
  --repetitions N         of each step (30)
  --limit SECONDS         that a step may take (60); the column n says how often it was repeated
  --only STEP,STEP        only these steps, by their ids (see docs/performance.md)
  --environments N        the bench's environments are N to N+9 (900000)
  --json FILE             write everything that was measured
  --profile FOLDER        write CPU profiles of the servers that are started
  --scale                 measure load and growth instead, with an agent that runs nothing
  --factor X              of the sizes of --scale (1)
`;

/** Reads the command line and the variables of the test cluster. Throws UsageError. */
export function parseOptions(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): BenchOptions {
  const values = read(argv);
  if (values.help) throw new UsageError("");
  const { target = "agent" } = values;
  if (target !== "agent" && target !== "cluster") throw new UsageError("--target is agent or cluster");
  const onCluster = target === "cluster";
  const image = values.image ?? (onCluster ? environment["POSEIDON_TEST_IMAGE"] : undefined);
  const pythonImage =
    values["python-image"] ?? (onCluster ? environment["POSEIDON_TEST_IMAGE_PYTHON"] : undefined);
  return {
    target,
    url: values.url?.replace(/\/$/, ""),
    token: values.token ?? "",
    pid: values.pid === undefined ? undefined : number("pid", values.pid, 1),
    executor: values.executor,
    image,
    pythonImage,
    repetitions: number("repetitions", values.repetitions ?? "30", 1),
    limitMs: number("limit", values.limit ?? "60", 1) * 1_000,
    firstEnvironmentId: number("environments", values.environments ?? "900000", 0),
    json: values.json,
    profile: values.profile,
    only: values.only === undefined ? [] : values.only.split(","),
    scale: values.scale ?? false,
    scaleFactor: number("factor", values.factor ?? "1", 0.001),
  };
}

function read(argv: readonly string[]) {
  try {
    const text = { type: "string" } as const;
    return parseArgs({
      args: [...argv],
      options: {
        target: text,
        executor: text,
        url: text,
        token: text,
        pid: text,
        image: text,
        "python-image": text,
        repetitions: text,
        limit: text,
        only: text,
        environments: text,
        json: text,
        profile: text,
        scale: { type: "boolean" },
        factor: text,
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function number(name: string, text: string, least: number): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least) return value;
  throw new UsageError(`--${name} is a number from ${least} on, not ${JSON.stringify(text)}`);
}
