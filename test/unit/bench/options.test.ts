import { expect, test } from "vitest";
import { repeat } from "../../../bench/measure/repeat.js";
import { parseOptions, UsageError } from "../../../bench/options.js";

const VARIABLES = { POSEIDON_TEST_IMAGE: "shell:1", POSEIDON_TEST_IMAGE_PYTHON: "python:1" };

test("without options an agent is measured, 30 times", () => {
  const options = parseOptions([], VARIABLES);
  expect(options).toMatchObject({ target: "agent", repetitions: 30, url: undefined, scale: false, only: [] });
  expect(options.image).toBeUndefined();
});

test("on the cluster both images are known from its variables", () => {
  const options = parseOptions(["--target", "cluster", "--image", "other:1"], VARIABLES);
  expect(options).toMatchObject({ target: "cluster", image: "other:1", pythonImage: "python:1" });
});

test("a server that runs already is named by its address", () => {
  const argv = ["--url", "http://10.0.0.1:7200/", "--token", "t", "--only", "true,list", "--limit", "5"];
  expect(parseOptions(argv, {})).toMatchObject({
    url: "http://10.0.0.1:7200",
    token: "t",
    only: ["true", "list"],
    limitMs: 5_000,
  });
});

test.each([
  [["--target", "moon"]],
  [["--repetitions", "0"]],
  [["--repetitions", "many"]],
  [["--unknown"]],
  [["--pid", "-1"]],
])("%j is refused", (argv) => {
  expect(() => parseOptions(argv, {})).toThrow(UsageError);
});

test("a measurement is repeated as often as wanted, and failures are kept apart", async () => {
  const signal = new AbortController().signal;
  let count = 0;
  const once = async (): Promise<number> => {
    count += 1;
    if (count % 2 === 0) throw new Error(`failure ${count}`);
    return count;
  };
  const samples = await repeat(once, { repetitions: 5, limitMs: 60_000, signal });
  expect(samples).toEqual({ values: [1, 3, 5], failed: 2, failures: ["failure 2", "failure 4"] });
});

test("no repetition begins once the time is over, or the bench is stopped", async () => {
  const stop = new AbortController();
  const bounds = { repetitions: 5, limitMs: 0, signal: stop.signal };
  expect(await repeat(async () => 1, bounds)).toEqual({ values: [], failed: 0, failures: [] });
  stop.abort(new Error("stopped"));
  await expect(repeat(async () => 1, { ...bounds, limitMs: 60_000 })).rejects.toThrow("stopped");
});
