import { Backoff } from "../lib/backoff.js";
import { deferred } from "../lib/deferred.js";
import { KeyedMutex } from "../lib/keyed-mutex.js";
import { Retries } from "../lib/retries.js";
import type { NomadClient } from "../nomad/client.js";
import { isNomadError } from "../nomad/errors.js";
import type { Logger } from "../telemetry/logger.js";

const RETRY = { initial: 1_000, maximum: 60_000 };

/** What changes are made with. */
export interface EnvironmentChangesOptions {
  readonly client: Pick<NomadClient, "leader">;
  readonly logger: Logger;
  /** Nothing is tried again any more. */
  readonly signal: AbortSignal;
}

/**
 * Changes of environments: those of one environment run one after the other, those of different ones side by side (lifecycle.md, "Environments"). When
 * one finds that Nomad does not answer, whoever waits behind it is told at once, since all have to be answered within 5 s of their arrival
 * (nomad.md); their changes are made all the same.
 */
export class EnvironmentChanges {
  readonly #options: EnvironmentChangesOptions;
  readonly #order = new KeyedMutex<number>();
  readonly #retries = new Retries();
  readonly #waiting = new Map<number, Set<(reason: unknown) => void>>();

  constructor(options: EnvironmentChangesOptions) {
    this.#options = options;
  }

  /** Settles as `change` does, or before that with the NomadError `unreachable` of one ahead of it. */
  run<T>(environmentId: number, change: () => Promise<T>): Promise<T> {
    const { promise: refused, reject } = deferred<never>();
    const waiting = this.#waiting.get(environmentId) ?? new Set();
    this.#waiting.set(environmentId, waiting.add(reject));
    const changed = this.#inTurn(environmentId, () => {
      waiting.delete(reject);
      if (waiting.size === 0) this.#waiting.delete(environmentId);
      return change();
    });
    return Promise.race([changed, refused]);
  }

  /** Tries a change again, in its turn, after growing pauses until it says that it is done. Never rejects. */
  async retry(environmentId: number, attempt: () => Promise<boolean>): Promise<void> {
    const { client, logger, signal } = this.#options;
    const backoff = new Backoff(RETRY);
    for (let done = false; !done; ) {
      await this.#retries.pause(backoff, { signal });
      if (signal.aborted) return;
      try {
        // Nobody has to wait behind a try that a silent Nomad does not answer.
        await client.leader({ signal });
        done = await this.#inTurn(environmentId, attempt);
      } catch (error) {
        const message = "an environment could not be changed, trying again";
        logger.debug(message, { environment_id: environmentId, error });
      }
    }
  }

  /** Nomad is there again: what waits for its next try is tried now. */
  wake(): void {
    this.#retries.wake();
  }

  #inTurn<T>(environmentId: number, change: () => Promise<T>): Promise<T> {
    return this.#order.run(environmentId, async () => {
      try {
        return await change();
      } catch (error) {
        if (isNomadError(error, "unreachable"))
          for (const refuse of this.#waiting.get(environmentId) ?? []) refuse(error);
        throw error;
      }
    });
  }
}
