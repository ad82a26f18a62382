import { canonicalTask } from "./canonical-task.js";
import { asNumber, asObject, asObjects, asText, type JsonObject, nullIfEmpty, withDefaults } from "./pick.js";
import { reschedulePolicyOf, restartPolicyOf } from "./policies.js";

const GROUP_DEFAULTS: JsonObject = {
  Affinities: null,
  Constraints: null,
  Consul: null,
  Count: 1,
  Disconnect: null,
  EphemeralDisk: null,
  MaxClientDisconnect: null,
  Meta: null,
  Migrate: null,
  Name: "",
  Networks: null,
  PreventRescheduleOnLost: false,
  ReschedulePolicy: null,
  RestartPolicy: null,
  Scaling: null,
  Services: null,
  ShutdownDelay: null,
  Spreads: null,
  StopAfterClientDisconnect: null,
  Tasks: null,
  Update: null,
  Volumes: null,
};

const DISK_DEFAULTS: JsonObject = { Migrate: false, SizeMB: 300, Sticky: false };

/** A task group with Nomad's defaults for jobs of this type. */
export function canonicalGroup(source: JsonObject, jobType: string): Record<string, unknown> {
  const group = withDefaults(source, GROUP_DEFAULTS);
  const restart = restartPolicyOf(source.RestartPolicy, jobType);
  const tasks = asObjects(source.Tasks).map((task) => canonicalTask(task, restart));
  const networks = asObjects(source.Networks).map(canonicalNetwork);
  const spreads = asObjects(source.Spreads).map((spread) =>
    withDefaults(spread, { Attribute: "", SpreadTarget: null, Weight: 50 }),
  );
  return {
    ...group,
    Constraints: withSignalConstraint(asObjects(source.Constraints), tasks),
    Affinities: nullIfEmpty(group.Affinities),
    EphemeralDisk: withDefaults(asObject(source.EphemeralDisk), DISK_DEFAULTS),
    Meta: nullIfEmpty(group.Meta),
    Networks: networks.length === 0 ? null : networks,
    ReschedulePolicy: reschedulePolicyOf(source.ReschedulePolicy, jobType),
    RestartPolicy: restart,
    Services: nullIfEmpty(group.Services),
    Spreads: spreads.length === 0 ? null : spreads,
    Tasks: tasks.length === 0 ? null : tasks,
    Update: jobType === "service" ? group.Update : null,
    Volumes: nullIfEmpty(group.Volumes),
  };
}

/** Nomad's placeholder for the signals that a node knows; no template of ours. */
const NODE_SIGNALS = `\${attr.os.signals}`;

/** A task's kill signal is a demand on its node: Nomad adds the constraint by itself, once. */
function withSignalConstraint(
  constraints: readonly JsonObject[],
  tasks: readonly JsonObject[],
): readonly JsonObject[] | null {
  const signals = [
    ...new Set(tasks.map((task) => asText(task.KillSignal)).filter((signal) => signal !== "")),
  ];
  const result = constraints.map((constraint) =>
    withDefaults(constraint, { LTarget: "", Operand: "=", RTarget: "" }),
  );
  const wanted = signals.sort().join(",");
  const present = result.some(
    (constraint) => constraint.LTarget === NODE_SIGNALS && constraint.RTarget === wanted,
  );
  if (wanted !== "" && !present) {
    result.push({ LTarget: NODE_SIGNALS, Operand: "set_contains", RTarget: wanted });
  }
  return result.length === 0 ? null : result;
}

/** Nomad leaves empty fields of networks out, and names the host network of each port. */
function canonicalNetwork(source: JsonObject): JsonObject {
  const ports = (list: unknown, withValue: boolean) =>
    asObjects(list).map((port) => ({
      HostNetwork: asText(port.HostNetwork) || "default",
      Label: asText(port.Label),
      ...(asNumber(port.To, 0) !== 0 ? { To: port.To } : {}),
      ...(withValue && asNumber(port.Value, 0) !== 0 ? { Value: port.Value } : {}),
    }));
  const dynamic = ports(source.DynamicPorts, false);
  const reserved = ports(source.ReservedPorts, true);
  const network: Record<string, unknown> = {};
  for (const key of ["Mode", "Device", "CIDR", "IP", "Hostname", "MBits", "DNS", "CNI"]) {
    const value = source[key];
    if (value !== undefined && value !== null && value !== "" && value !== 0) network[key] = value;
  }
  if (dynamic.length > 0) network.DynamicPorts = dynamic;
  if (reserved.length > 0) network.ReservedPorts = reserved;
  return network;
}
