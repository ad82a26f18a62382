import { multiError } from "./multi-error.js";
import { asNumber, asObjects, asText, type JsonObject } from "./pick.js";
import { validateGroup } from "./validate-group.js";

const TYPES = ["core", "service", "batch", "system", "sysbatch"];

/**
 * What Nomad has against a canonical job, in its words; undefined when nothing. Covers the checks that a container job can meet; what
 * only Consul, Vault, volumes and devices bring is left out.
 */
export function validateJob(job: JsonObject): string | undefined {
  const errors: string[] = [];
  const id = asText(job.ID);
  if (id === "") errors.push("Missing job ID");
  else if (id.includes(" ")) errors.push("Job ID contains a space");
  else if (id.includes("\0")) errors.push("Job ID contains a null character");
  const name = asText(job.Name);
  if (name === "") errors.push("Missing job name");
  else if (name.includes("\0")) errors.push("Job Name contains a null character");
  const type = asText(job.Type);
  if (type === "") errors.push("Missing job type");
  else if (!TYPES.includes(type)) errors.push(`Invalid job type: "${type}"`);
  const datacenters = Array.isArray(job.Datacenters) ? job.Datacenters : [];
  if (datacenters.length === 0) errors.push("Missing job datacenters");
  for (const datacenter of datacenters) {
    if (datacenter === "") errors.push("Job datacenter must be non-empty string");
  }
  const groups = asObjects(job.TaskGroups);
  if (groups.length === 0) errors.push("Missing job task groups");
  errors.push(...groupNameErrors(groups));
  for (const group of groups) {
    const error = validateGroup(group, type);
    if (error !== undefined) errors.push(`Task group ${asText(group.Name)} validation failed: ${error}`);
  }
  if (type === "core") errors.push("job type cannot be core");
  const priority = asNumber(job.Priority, 0);
  if (priority < 1 || priority > 100) errors.push("job priority must be between [1, 100]");
  return errors.length === 0 ? undefined : multiError(errors);
}

function groupNameErrors(groups: readonly JsonObject[]): string[] {
  const errors: string[] = [];
  const seen = new Map<string, number>();
  groups.forEach((group, index) => {
    const name = asText(group.Name);
    const first = seen.get(name);
    if (name === "") errors.push(`Job task group ${index + 1} missing name`);
    else if (first !== undefined)
      errors.push(`Job task group ${index + 1} redefines '${name}' from group ${first + 1}`);
    else seen.set(name, index);
  });
  return errors;
}
