import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { stopOnSignals } from "../../../src/cli/signals.js";

function listen(hangup: "stop" | "ignore") {
  const target = new EventEmitter();
  const exits: number[] = [];
  const stop = stopOnSignals({ hangup, onSecond: (code) => exits.push(code), target });
  return { target, exits, stop };
}

describe("stopOnSignals", () => {
  it.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
    ["SIGABRT", 134],
  ])("stops at %s, and ends at once at a second with %i", (signal, code) => {
    const { target, exits, stop } = listen("ignore");
    expect(stop.aborted).toBe(false);
    target.emit(signal);
    expect(stop.reason).toBe(signal);
    expect(exits).toEqual([]);
    target.emit(signal);
    expect(exits).toEqual([code]);
  });

  it("outlives the signals of operation", () => {
    const { target, exits, stop } = listen("ignore");
    for (const signal of ["SIGHUP", "SIGUSR1", "SIGUSR2"]) expect(target.emit(signal)).toBe(true);
    expect(stop.aborted).toBe(false);
    expect(exits).toEqual([]);
  });

  it("takes a closed terminal as a wish to stop where a person watches", () => {
    const { target, stop } = listen("stop");
    target.emit("SIGHUP");
    expect(stop.aborted).toBe(true);
  });
});
