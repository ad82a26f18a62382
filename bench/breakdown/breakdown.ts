import type { ExecutionTimes } from "../execution.js";
import { percentile } from "../measure/statistics.js";

/** A part of an execution's time, a median over many. */
export interface BreakdownPart {
  readonly name: string;
  readonly microseconds: number;
  /** It is contained in other parts, and counts for no sum. */
  readonly within?: boolean;
}

/** One execution as seen from both sides of the server, all ms after the POST was sent. */
export interface ObservedExecution {
  readonly times: ExecutionTimes;
  /** The server's first and last bytes to Nomad between `start` and `exit`, and Nomad's last ones to the server. */
  readonly wire: {
    readonly firstToNomad: number | undefined;
    readonly firstFromNomad: number | undefined;
    readonly lastFromNomad: number | undefined;
  };
}

/**
 * Splits executions into what follows one after the other: HTTP, WebSocket, the server on the way in, Nomad with the runner, the
 * server on the way out. Medians of each part; executions in which a stamp is missing are left out.
 */
export function breakDown(executions: readonly ObservedExecution[]): BreakdownPart[] {
  const parts = executions.flatMap(({ times, wire }) => {
    const { firstToNomad, firstFromNomad, lastFromNomad } = wire;
    if (firstToNomad === undefined || firstFromNomad === undefined || lastFromNomad === undefined) return [];
    return [
      {
        "POST execute, to its answer": times.answered,
        "opening of the client's WebSocket, to the server's first byte to Nomad":
          firstToNomad - times.answered,
        "Nomad, driver, runner: to their first byte": firstFromNomad - firstToNomad,
        "Nomad, driver, runner: from their first byte to the last": lastFromNomad - firstFromNomad,
        "the server and the client's WebSocket: from Nomad's last byte to `exit`":
          times.ended - lastFromNomad,
      },
    ];
  });
  const [first] = parts;
  if (first === undefined) return [];
  return (Object.keys(first) as (keyof typeof first)[]).map((name) => ({
    name,
    microseconds:
      percentile(
        parts.map((part) => part[name]),
        0.5,
      ) * 1_000,
  }));
}
