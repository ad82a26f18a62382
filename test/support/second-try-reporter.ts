import type { Reporter, TestCase } from "vitest/node";

/** Names the tests that passed only at a second try, and why the first failed: each of them is a bug to be found. */
export default class SecondTryReporter implements Reporter {
  readonly #lines: string[] = [];

  onTestCaseResult(test: TestCase): void {
    if (!test.diagnostic()?.flaky) return;
    this.#lines.push(`passed only at a second try: ${test.module.relativeModuleId}: ${test.fullName}`);
    for (const { stack, message } of test.result().errors ?? []) {
      const [first = "", ...frames] = (stack ?? message).split("\n");
      this.#lines.push(`    ${first}`, ...frames.filter((frame) => frame.includes("/test/")).slice(0, 2));
    }
  }

  onTestRunEnd(): void {
    for (const line of this.#lines) process.stdout.write(`${line}\n`);
  }
}
