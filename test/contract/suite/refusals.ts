import { describe, expect, test } from "vitest";
import { type JobChanges, runnerJob } from "../jobs.js";
import { Lab } from "../lab.js";
import { call, type Target } from "../target.js";

const group = (errors: string) => `Task group default-group validation failed: ${errors}`;
const task = (errors: string) => `Task default-task validation failed: ${errors}`;
const list = (...errors: readonly string[]) =>
  `${errors.length} error${errors.length === 1 ? "" : "s"} occurred:\n\t${errors.map((error) => `* ${error}`).join("\n\t")}\n\n`;

/** The words of Nomad for what it refuses. */
export function refusalsSuite(target: () => Target): void {
  describe("refusals", () => {
    const changed: readonly [string, JobChanges, string][] = [
      [
        "a memory maximum below the reservation",
        { memory: 50, memoryMax: 20 },
        list(
          group(list(task(list(list("MemoryMaxMB value (20) should be larger than MemoryMB value (50)"))))),
        ),
      ],
      [
        "too little memory",
        { memory: 5 },
        list(group(list(task(list(list(list("minimum MemoryMB value is 10; got 5"))))))),
      ],
      ["no CPU", { cpu: 0 }, list(group(list(task(list(list(list("minimum CPU value is 1; got 0")))))))],
      [
        "neither",
        { cpu: 0, memory: 1, memoryMax: 1 },
        list(
          group(
            list(
              task(list(list(list("minimum CPU value is 1; got 0", "minimum MemoryMB value is 10; got 1")))),
            ),
          ),
        ),
      ],
      [
        "the same port twice",
        { ports: [80, 80] },
        list(
          group(
            list(
              `Task group network validation failed: ${list("Port label 80 already in use by taskgroup network")}`,
            ),
          ),
        ),
      ],
      [
        "a port that is none",
        { ports: [70_000] },
        list(
          group(
            list(
              `Task group network validation failed: ${list('Port "70000" cannot be mapped to a port (70000) greater than 65535')}`,
            ),
          ),
        ),
      ],
    ];
    test.each(changed)("%s", async (_, changes, text) => {
      const body = runnerJob(target(), `${target().prefix}refused`, changes);
      expect(await call(target(), "POST", "/v1/jobs", body)).toMatchObject({ status: 500, text });
    });

    const bodies: readonly [string, unknown, number, string][] = [
      ["an empty body", undefined, 400, "Request body is empty"],
      ["half a body", '{"Job":', 400, "unexpected EOF"],
      ["no job", {}, 400, "Job must be specified"],
      ["no id", { Job: {} }, 400, "Job ID hasn't been provided"],
      [
        "an empty id",
        { Job: { ID: "" } },
        500,
        list("Missing job ID", "Missing job name", "Missing job task groups"),
      ],
      [
        "a space in the id",
        { Job: { ID: "a b" } },
        500,
        list("Job ID contains a space", "Missing job task groups"),
      ],
      [
        "a group without tasks",
        { Job: { ID: "x", TaskGroups: [{ Name: "g" }] } },
        500,
        list(`Task group g validation failed: ${list("Missing tasks for task group")}`),
      ],
      [
        "a type and a driver that are none",
        { Job: { ID: "x", Type: "nix", TaskGroups: [{ Name: "g", Tasks: [{ Name: "t" }] }] } },
        500,
        list(
          'Invalid job type: "nix"',
          `Task group g validation failed: ${list(`Task t validation failed: ${list("Missing task driver")}`)}`,
        ),
      ],
    ];
    test.each(bodies)("%s", async (_, body, status, text) => {
      expect(await call(target(), "POST", "/v1/jobs", body)).toMatchObject({ status, text });
    });

    test("a namespace that is not there", async () => {
      const id = `${target().prefix}namespace`;
      const answer = await call(target(), "POST", "/v1/jobs?namespace=nowhere", runnerJob(target(), id));
      expect(answer).toMatchObject({
        status: 500,
        text: list(`job "${id}" is in nonexistent namespace "nowhere"`),
      });
      expect(await call(target(), "GET", "/v1/jobs?namespace=nowhere")).toMatchObject({
        status: 200,
        body: [],
      });
    });

    test("records that are not there", async () => {
      const lab = await Lab.open(target());
      const nobody = "deadbeef-0000-0000-0000-000000000000";
      const expected: readonly [string, number, string][] = [
        [`/v1/job/${lab.id("nobody")}`, 404, "job not found"],
        [`/v1/allocation/${nobody}`, 404, "alloc not found"],
        [`/v1/evaluation/${nobody}`, 404, "eval not found"],
        [`/v1/node/${nobody}`, 404, "node not found"],
        ["/v1/allocation/x", 500, "alloc lookup failed: index error: UUID must be 36 characters"],
        [
          "/v1/evaluation/x",
          500,
          "failed to lookup eval: eval lookup failed: index error: UUID must be 36 characters",
        ],
        ["/v1/node/x", 500, "node lookup failed: index error: UUID must be 36 characters"],
        [
          "/v1/allocations?prefix=abc",
          500,
          "alloc lookup failed: index error: Input (without hyphens) must be even length",
        ],
        ["/v1/nowhere", 404, ""],
        ["/v1/client/allocation/x/nope", 404, "resource not found"],
      ];
      for (const [path, status, text] of expected) {
        expect({ path, ...(await lab.get(path)) }).toMatchObject({ path, status, text });
      }
      expect(await call(target(), "PATCH", "/v1/jobs")).toMatchObject({
        status: 405,
        text: "Invalid method",
      });
    });
  });
}
