import { existsSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cgroupFolders } from "../../src/agent/executors/cgroups/folders.js";

/** Names in the machine's /tmp and among its control groups that belong to the executors of the process `pid`. */
export function leftOf(pid: number | undefined): readonly string[] {
  const read = (path: string) => readFileSync(path, "latin1");
  const { controllers, unified } = cgroupFolders(read("/proc/self/cgroup"), read("/proc/self/mountinfo"));
  const places = [
    tmpdir(),
    ...controllers.values(),
    ...(unified === undefined ? [] : [unified.own, unified.top]),
  ];
  return places
    .flatMap((place) => readdirSync(place).map((name) => join(place, name)))
    .filter((path) => path.includes(`/poseidon-${pid}-`) && existsSync(path));
}
