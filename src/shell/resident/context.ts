import type { PlainContext } from "../plain/context.js";
import type { Openings } from "./openings.js";
import type { Residents } from "./residents.js";

/** What the resident sessions of one runner need. */
export interface ResidentContext extends PlainContext {
  readonly residents: Residents;
  readonly openings: Openings;
}
