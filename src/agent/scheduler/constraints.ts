import { asText, type JsonObject } from "../job/pick.js";
import type { AgentNode } from "./node.js";

/**
 * The first constraint that the node does not meet, in the words of Nomad's `ConstraintFiltered`; undefined when it meets all. Version
 * operands are taken as met: the agent has no versions to compare.
 */
export function unmetConstraint(constraints: readonly JsonObject[], node: AgentNode): string | undefined {
  const unmet = constraints.find((constraint) => !isMet(constraint, node));
  if (unmet === undefined) return undefined;
  return `${asText(unmet.LTarget)} ${asText(unmet.Operand)} ${asText(unmet.RTarget)}`;
}

function isMet(constraint: JsonObject, node: AgentNode): boolean {
  const left = resolve(asText(constraint.LTarget), node);
  const right = resolve(asText(constraint.RTarget), node);
  switch (asText(constraint.Operand)) {
    case "=":
    case "==":
    case "is":
      return left !== undefined && left === right;
    case "!=":
    case "not":
      return left !== right;
    case "is_set":
      return left !== undefined;
    case "is_not_set":
      return left === undefined;
    case "set_contains":
    case "set_contains_all": {
      const have = new Set((left ?? "").split(",").map((item) => item.trim()));
      return left !== undefined && (right ?? "").split(",").every((item) => have.has(item.trim()));
    }
    case "set_contains_any": {
      const have = new Set((left ?? "").split(",").map((item) => item.trim()));
      return (right ?? "").split(",").some((item) => have.has(item.trim()));
    }
    case "<":
      return left !== undefined && right !== undefined && left < right;
    case ">":
      return left !== undefined && right !== undefined && left > right;
    default:
      return true;
  }
}

function resolve(target: string, node: AgentNode): string | undefined {
  if (!target.startsWith("${")) return target;
  const name = target.slice(2, -1);
  if (name === "node.unique.id") return node.id;
  if (name === "node.unique.name") return node.name;
  if (name === "node.datacenter") return node.datacenter;
  if (name === "node.region") return "global";
  if (name === "node.class") return "";
  if (name === "node.pool") return "default";
  return name.startsWith("attr.") ? node.attributes[name.slice(5)] : undefined;
}
