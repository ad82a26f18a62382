import fc from "fast-check";
import { expect, test } from "vitest";
import { Capacity } from "../../../../src/agent/scheduler/capacity.js";
import { unmetConstraint } from "../../../../src/agent/scheduler/constraints.js";
import { PortTable } from "../../../../src/agent/scheduler/ports.js";
import { nextDelay } from "../../../../src/agent/scheduler/reschedule.js";

test("capacity never hands out more than there is, and gets everything back", () => {
  const demand = fc.record({ cpu: fc.integer({ min: 0, max: 60 }), memory: fc.integer({ min: 0, max: 60 }) });
  fc.assert(
    fc.property(fc.array(demand), (demands) => {
      const capacity = new Capacity({ cpu: 100, memory: 100 });
      const taken = demands.filter((one, index) => {
        if (capacity.exhausted(one) !== undefined) return false;
        capacity.take(String(index), one);
        return true;
      });
      expect(taken.reduce((sum, one) => sum + one.cpu, 0)).toBeLessThanOrEqual(100);
      expect(taken.reduce((sum, one) => sum + one.memory, 0)).toBeLessThanOrEqual(100);
      for (const index of demands.keys()) capacity.release(String(index));
      expect(capacity.exhausted({ cpu: 100, memory: 100 })).toBeUndefined();
    }),
  );
});

test("ports are unique while they are taken, and run out", () => {
  const table = new PortTable({ hostIp: "127.0.0.1", random: () => 0.5 });
  const network = {
    DynamicPorts: Array.from({ length: 4_000 }, (_, index) => ({ Label: String(index), To: 80 })),
  };
  const values = ["a", "b", "c"].flatMap((id) => table.take(id, [network])?.map((port) => port.Value) ?? []);
  expect(new Set(values).size).toBe(12_000);
  expect(table.take("d", [network])).toBeUndefined();
  table.release("a");
  expect(table.take("d", [network])).toHaveLength(4_000);
});

test("constraints that a node does not meet are named as Nomad names them", () => {
  const node = {
    id: "n",
    name: "node1",
    datacenter: "dc1",
    attributes: { "kernel.name": "linux", "os.signals": "SIGKILL,SIGTERM" },
    drivers: [],
    address: "",
  };
  const constraint = (LTarget: string, Operand: string, RTarget: string) => ({ LTarget, Operand, RTarget });
  const kernel = `\${attr.kernel.name}`;
  expect(unmetConstraint([constraint(kernel, "=", "linux")], node)).toBeUndefined();
  expect(unmetConstraint([constraint(kernel, "=", "plan9")], node)).toBe(`${kernel} = plan9`);
  expect(
    unmetConstraint([constraint(`\${attr.os.signals}`, "set_contains", "SIGKILL")], node),
  ).toBeUndefined();
  expect(unmetConstraint([constraint(`\${attr.none}`, "is_set", "")], node)).toBe(`\${attr.none} is_set `);
});

test("reschedule delays grow as the policy has it", () => {
  const base = { Attempts: 9, Interval: 1e15, MaxDelay: 240, Unlimited: false, Delay: 60 };
  const event = (Delay: number) => ({ Delay, PrevAllocID: "", PrevNodeID: "", RescheduleTime: 0 });
  const grow = (DelayFunction: "constant" | "exponential" | "fibonacci") => {
    const events: ReturnType<typeof event>[] = [];
    for (let turn = 0; turn < 5; turn++) events.push(event(nextDelay({ ...base, DelayFunction }, events)));
    return events.map((one) => one.Delay);
  };
  expect(grow("constant")).toEqual([60, 60, 60, 60, 60]);
  expect(grow("exponential")).toEqual([60, 120, 240, 240, 240]);
  expect(grow("fibonacci")).toEqual([60, 60, 120, 180, 240]);
});
