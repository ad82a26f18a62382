import type { Reporter, TestCase } from "vitest/node";

/** Names the tests that passed only at a second try, at the end of a run: each of them is a bug to be found. */
export default class SecondTryReporter implements Reporter {
  readonly #names: string[] = [];

  onTestCaseResult(test: TestCase): void {
    if (test.diagnostic()?.flaky) this.#names.push(`${test.module.relativeModuleId}: ${test.fullName}`);
  }

  onTestRunEnd(): void {
    for (const name of this.#names) process.stdout.write(`passed only at a second try: ${name}\n`);
  }
}
