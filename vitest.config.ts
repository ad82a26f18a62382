import { defineConfig } from "vitest/config";

const project = (name: string, timeout: number) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: timeout,
    hookTimeout: timeout,
  },
});

export default defineConfig({
  test: {
    maxWorkers: 2,
    pool: "forks",
    projects: [
      project("unit", 10_000),
      project("contract", 60_000),
      project("api", 60_000),
      project("cluster", 120_000),
      project("docker", 120_000),
      project("exactness", 120_000),
      project("soak", 120_000),
      project("faults", 120_000),
      project("monitoring", 120_000),
    ],
    coverage: { provider: "v8", include: ["src/**"], reporter: ["text-summary", "html"] },
  },
});
