import { defineConfig } from "vitest/config";

const project = (name: string, timeout: number) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: timeout,
    // What is made for a whole suite: environments, runners, programs.
    hookTimeout: 2 * timeout,
    // Loading all modules anew for each of the many small files takes longer than their tests.
    isolate: name !== "unit",
  },
});

const image = project("image", 120_000);
const imageProject = { ...image, test: { ...image.test, globalSetup: "test/image/setup.ts" } };

export default defineConfig({
  test: {
    maxWorkers: 5,
    // A flaky test is a bug, and is named at the end of the run (second-try-reporter.ts); what it blocks is none of its business.
    retry: process.env["CI"] === "true" ? 1 : 0,
    pool: "forks",
    projects: [
      project("unit", 30_000),
      project("contract", 60_000),
      project("api", 60_000),
      project("cluster", 120_000),
      project("docker", 120_000),
      project("exactness", 120_000),
      project("soak", 120_000),
      project("faults", 120_000),
      project("monitoring", 120_000),
      imageProject,
    ],
    coverage: { provider: "v8", include: ["src/**"], reporter: ["text-summary", "html"] },
  },
});
