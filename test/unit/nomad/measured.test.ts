import { expect, it } from "vitest";
import { routeOf } from "../../../src/nomad/measured.js";

it.each([
  ["/v1/jobs", "/v1/jobs"],
  ["/v1/jobs/parse", "/v1/jobs/parse"],
  ["/v1/job/10-aaaa", "/v1/job/:id"],
  ["/v1/job/template-10/allocations", "/v1/job/:id/allocations"],
  ["/v1/allocation/5c1b", "/v1/allocation/:id"],
  ["/v1/operator/scheduler/configuration", "/v1/operator/scheduler/configuration"],
])("the route of %s is %s", (path, route) => {
  expect(routeOf(path)).toBe(route);
});
