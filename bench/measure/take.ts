import { type Measurement, measurementOf } from "../report/row.js";
import type { ImageBench, Step, StepContext } from "../steps/step.js";
import { executionPaths, pathsBetween } from "./metrics.js";

/** Runs one step with one image, and asks the server which paths its executions took. A step that fails as a whole has no sample. */
export async function takeMeasurement(
  step: Step,
  {
    context,
    bench,
    baseline,
  }: { readonly context: StepContext; readonly bench: ImageBench; readonly baseline: number },
): Promise<Measurement> {
  const { client, bounds } = context;
  const before = executionPaths(await client.metrics());
  const samples = await step.run(context, bench).catch((error: unknown) => {
    bounds.signal.throwIfAborted();
    return { values: [], failed: 1, failures: [error instanceof Error ? error.message : String(error)] };
  });
  const paths = pathsBetween(before, executionPaths(await client.metrics()));
  return measurementOf(step, samples, {
    image: step.images === "each" ? bench.label : undefined,
    paths,
    baseline,
  });
}
