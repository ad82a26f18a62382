import { readFileSync, readlinkSync } from "node:fs";
import { ownerIsGone, ownerName } from "../owner-name.js";

/** Containers of this executor carry it; its value says which process they belong to. */
export const OWNER_LABEL = "org.openhpi.poseidon.agent";

/** What a process's number means: this start of the machine, and this view of its processes (another inside of a container). */
function place(): string {
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  return `${boot}/${readlinkSync("/proc/self/ns/pid")}`;
}

/** The label's value for this process. */
export function containerOwner(): string {
  return `${place()}/${ownerName()}`;
}

/**
 * Whether a container's owner is certainly gone: it ended, or the machine was started anew since. One that lives where its process cannot
 * be seen from here counts as living.
 */
export function containerOwnerIsGone(owner: string): boolean {
  const [boot, namespace, name] = owner.split("/");
  const [ourBoot, ourNamespace] = place().split("/");
  if (boot === undefined || namespace === undefined || name === undefined) return false;
  if (boot !== ourBoot) return true;
  return namespace === ourNamespace && ownerIsGone(name);
}
