/** The image of the project's Dockerfile. */
export const IMAGE = "poseidon-image-test:1";
/** The Dockerfile's first stage. */
export const BUILD_STAGE = "poseidon-image-test-build:1";
/** What it is built on. */
export const BASE = "poseidon-image-test-base:1";
