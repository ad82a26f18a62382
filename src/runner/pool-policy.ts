/** The figures of a pool that its policy looks at. */
export interface PoolFigures {
  readonly size: number;
  readonly idle: number;
  /** Registered or being registered, not running yet. */
  readonly starting: number;
  /** Taken by a claim whose mark is on its way: used in a moment, or idle again when the mark fails. */
  readonly claiming: number;
}

/**
 * How many runners to register, so that idle + starting = size (lifecycle.md, "The pool's invariant"). One that is being claimed is replaced once
 * its mark is made: claims that fail must not make the pool grow.
 */
export function shortage({ size, idle, starting, claiming }: PoolFigures): number {
  return Math.max(0, size - idle - starting - claiming);
}

/** How many runners are too many. */
export function surplus({ size, idle, starting }: PoolFigures): number {
  return Math.max(0, idle + starting - size);
}

/** Whether a claim leaves so much idle, half of the pool, that what replaces it need not start this very moment. */
export function isAmple({ size, idle }: PoolFigures): boolean {
  return 2 * (idle - 1) >= size;
}

/** Whether the pool is depleting: idle ÷ size below the threshold; never with size 0 or threshold 0 (rest-api.md, `/health`). */
export function isDepleted({ size, idle }: PoolFigures, threshold: number): boolean {
  return size > 0 && threshold > 0 && idle / size < threshold;
}

/** How many runners should be reserved ahead: `nomad.warm`, never more than the pool. */
export function wantedReservations(warm: number, size: number): number {
  return Math.min(warm, size);
}

/** What the trimming order looks at. */
export interface TrimCandidate {
  readonly createdAt: number;
  readonly reserved: boolean;
}

/** The order in which too many runners go: newest first, reserved ones last. */
export function inTrimOrder<Candidate extends TrimCandidate>(candidates: readonly Candidate[]): Candidate[] {
  return [...candidates].sort(
    (one, other) => Number(one.reserved) - Number(other.reserved) || other.createdAt - one.createdAt,
  );
}
