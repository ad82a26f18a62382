import { BASE, BUILD_STAGE, IMAGE } from "./names.js";
import { docker, run, tryRun } from "./run.js";

/** Builds the project's Dockerfile without network, for all files of this folder; what it returns removes what was made. */
export default async function buildImage(): Promise<() => Promise<void>> {
  const build = (...options: string[]) =>
    docker("build", "--quiet", "--network", "none", "--build-arg", `BASE=${BASE}`, ...options, ".");
  const remove = async () => {
    await tryRun("docker", ["image", "rm", "--force", IMAGE, BUILD_STAGE, BASE]);
  };
  try {
    await run("test/image/base.sh", [BASE]);
    // Named, so that it can be removed too.
    await build("--target", "build", "--tag", BUILD_STAGE);
    await build("--tag", IMAGE);
  } catch (error) {
    await remove();
    throw error;
  }
  return remove;
}
