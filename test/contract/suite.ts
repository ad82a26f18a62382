import { changingSuite } from "./suite/changing.js";
import { executingSuite } from "./suite/executing.js";
import { placingSuite } from "./suite/placing.js";
import { readingSuite } from "./suite/reading.js";
import { refusalsSuite } from "./suite/refusals.js";
import { registeringSuite } from "./suite/registering.js";
import { restartingSuite } from "./suite/restarting.js";
import { streamingSuite } from "./suite/streaming.js";
import type { Target } from "./target.js";

/**
 * What the server relies on in Nomad (nomad.md), fact by fact. Runs on a real Nomad and on the embedded agent; where they differ the
 * agent is wrong.
 */
export function contractSuite(target: () => Target): void {
  registeringSuite(target);
  refusalsSuite(target);
  placingSuite(target);
  changingSuite(target);
  restartingSuite(target);
  readingSuite(target);
  streamingSuite(target);
  executingSuite(target);
}
