import type { BenchClient, EnvironmentRequest } from "./client.js";
import type { BenchOptions } from "./options.js";
import type { ImageBench } from "./steps/step.js";

/** Idle runners that each environment keeps: as many as `refill` takes. */
export const POOL_SIZE = 5;
/** Runners that are claimed of each image before anything is timed, for the rate over four runners. */
const CLAIMED = 4;
/** An image that has to be fetched may take its time. */
const FIRST_IDLE_MS = 120_000;

/** Makes an environment of each image, with runners claimed. An image that does not work is left out, and said. */
export async function openImages(
  client: BenchClient,
  options: BenchOptions,
  say: (line: string) => void,
): Promise<ImageBench[]> {
  const images: readonly { readonly label: string; readonly image: string | undefined }[] = [
    { label: "shell setuser", image: options.image ?? "any" },
    { label: "Python setuser", image: options.pythonImage },
  ];
  const benches: ImageBench[] = [];
  for (const [index, { label, image }] of images.entries()) {
    const environmentId = options.firstEnvironmentId + index;
    if (image === undefined) continue;
    try {
      benches.push({ label, image, environmentId, runners: await openImage(client, environmentId, image) });
    } catch (error) {
      say(`the image ${image} is left out: ${error instanceof Error ? error.message : String(error)}`);
      await client.deleteEnvironment(environmentId);
    }
  }
  return benches;
}

/** What the bench's environments are made of. */
export function environmentOf(image: string, prewarmingPoolSize: number): EnvironmentRequest {
  return { image, prewarmingPoolSize, cpuLimit: 20, memoryLimit: 256 };
}

async function openImage(client: BenchClient, id: number, image: string): Promise<string[]> {
  await client.createEnvironment(id, environmentOf(image, POOL_SIZE));
  await client.untilIdle(id, POOL_SIZE, FIRST_IDLE_MS);
  const runners: string[] = [];
  for (let count = 0; count < CLAIMED; count += 1) runners.push(await client.claim(id));
  await client.untilIdle(id, POOL_SIZE);
  return runners;
}
