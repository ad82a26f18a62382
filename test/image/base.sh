#!/usr/bin/env bash
# Makes what the Dockerfile is built on where no image can be pulled: the test
# image with this machine's Node and npm, and a cache of npm's that has every
# package of package-lock.json, so that the build needs no network.
#
#   base.sh NAME    (DOCKER_HOST and POSEIDON_TEST_IMAGE as from up.sh)
set -euo pipefail
cd "$(dirname "$0")/../.."

name=$1
node=$(node -p process.execPath)
modules=$(npm root --global)/npm
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 143' TERM INT

mkdir "$work/lock" "$work/context"
cp package.json package-lock.json .npmrc "$work/lock"
# From the machine's own cache as far as it goes.
(cd "$work/lock" && timeout 240 npm ci --silent --ignore-scripts --prefer-offline --cache "$work/context/cache")
cp "$node" "$work/context/node"
cp -rL "$modules" "$work/context/npm"

# The cache's keys are addresses of the registry that this machine uses.
cat >"$work/context/Dockerfile" <<DOCKERFILE
FROM ${POSEIDON_TEST_IMAGE:?see up.sh}
COPY node /usr/bin/node
COPY npm /usr/lib/node_modules/npm
COPY cache /var/cache/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/bin/npm && npm --version
ENV npm_config_cache=/var/cache/npm npm_config_offline=true npm_config_registry=$(npm config get registry)
WORKDIR /
DOCKERFILE
DOCKER_BUILDKIT=0 timeout 240 docker build --quiet --network none --tag "$name" "$work/context"
