import type { AgentSelf, SchedulerConfiguration } from "./client.js";

/** The oldest version that this was written for (nomad.md). */
const oldest = { major: 1, minor: 8 };

/**
 * What an operator should know about this Nomad, a line each. What could not be read (undefined, for want of an ACL) is not
 * judged.
 */
export function compatibilityWarnings(nomad: {
  readonly agent: AgentSelf | undefined;
  readonly scheduler: SchedulerConfiguration | undefined;
}): readonly string[] {
  const warnings = versionWarnings(nomad.agent?.version);
  if (nomad.scheduler?.memoryOversubscription !== false) return warnings;
  return [
    ...warnings,
    "memory oversubscription is off in Nomad's scheduler configuration: runners get no more memory than they reserve, not their memory limit",
  ];
}

function versionWarnings(version: string | undefined): readonly string[] {
  if (version === undefined) return [];
  const match = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version);
  if (match === null) return [`Nomad's version cannot be read: ${JSON.stringify(version)}`];
  const [major = 0, minor = 0, patch = 0] = match.slice(1).map(Number);
  if (major === 1 && minor === 9 && patch === 0) {
    return ["Nomad 1.9.0 never passes on the input of exec sessions: commands hang; use another version"];
  }
  if (major < oldest.major || (major === oldest.major && minor < oldest.minor)) {
    return [
      `Nomad ${major}.${minor}.${patch} is older than ${oldest.major}.${oldest.minor}, for which this server was written`,
    ];
  }
  return [];
}
