# The server as an image: docker build -t poseidon . && docker run -p 7200:7200 -e POSEIDON_SERVER_TOKEN=… -e POSEIDON_NOMAD_ADDRESS=… poseidon
# BASE has to have Node 20.19 or later and npm.
ARG BASE=node:22-bookworm-slim

FROM ${BASE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
RUN npm run build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${BASE}
ENV NODE_ENV=production POSEIDON_SERVER_ADDRESS=0.0.0.0
WORKDIR /srv/poseidon
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY docs/licences.md docs/
# Nobody's: the server writes no file, and needs no right.
USER 65534:65534
EXPOSE 7200
# Healthy as long as it answers, a depleting pool (503) included: another container would not fill it.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
  CMD ["node", "-e", "const { POSEIDON_SERVER_PORT: port = 7200, POSEIDON_SERVER_TLS_ACTIVE: tls = '' } = process.env; process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'; fetch(`http${/^(1|t|true)$/i.test(tls) ? 's' : ''}://127.0.0.1:${port}/api/v1/health`).then(({ status }) => process.exit([204, 503].includes(status) ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/main.js"]
CMD ["serve"]
