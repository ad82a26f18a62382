/**
 * Every call to Nomad is over after this time, ms, connecting and reading the body included, and so is whatever a client's request waits for at a
 * Nomad that is silent. It is to be answered within 5 s (nomad.md, "Event stream"): the rest is for the answer's way, and for a busy machine.
 */
export const ANSWER_MS = 4_000;
