import { asObject, asText } from "../job/pick.js";
import type { StateStore } from "../state/state-store.js";

/** Longer than this no answer is kept back, milliseconds. */
const LIMIT = 5_000;

/** Resolves once the evaluation that a register answers with has had its last event, or after five seconds. */
export function awaitEvaluation(store: StateStore, body: unknown): Promise<void> {
  const id = asText(asObject(body).EvalID);
  const isDone = () => store.evaluations.get(id)?.Status !== "pending";
  return new Promise((resolve) => {
    if (isDone()) {
      resolve();
      return;
    }
    const timer = setTimeout(finish, LIMIT);
    const unsubscribe = store.events.subscribe(() => {
      if (isDone()) finish();
    });
    function finish(): void {
      clearTimeout(timer);
      unsubscribe();
      resolve();
    }
  });
}
