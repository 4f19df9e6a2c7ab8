# docker build --file deploy/docker/gateway.Dockerfile --tag endcap-gateway:0.1.0 .
FROM node:24-bookworm-slim AS build
WORKDIR /src
RUN npm install --global pnpm@12.21.0
# Manifests first: dependencies are fetched again only when one of them changes.
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml .npmrc ./
COPY packages/protocol/package.json packages/protocol/
COPY packages/service-kit/package.json packages/service-kit/
COPY packages/sdk-browser/package.json packages/sdk-browser/
COPY packages/gateway/package.json packages/gateway/
RUN pnpm install --frozen-lockfile --filter @endcap/gateway... --filter @endcap/sdk-browser... --filter endcap
COPY tsconfig.base.json tsup.base.ts ./
COPY packages/protocol packages/protocol
COPY packages/service-kit packages/service-kit
COPY packages/sdk-browser packages/sdk-browser
COPY packages/gateway packages/gateway
RUN pnpm --filter @endcap/gateway... --filter @endcap/sdk-browser... --sort run build \
 && pnpm --filter @endcap/gateway --prod --legacy deploy /app \
 && cp -r packages/sdk-browser/dist/sdk /app/sdk

FROM node:24-bookworm-slim
ENV NODE_ENV=production \
    ENDCAP_GATEWAY_SDK_DIR=/app/sdk
WORKDIR /app
COPY --from=build /app /app
RUN install --directory --owner=10001 --group=10001 /var/lib/endcap
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
EXPOSE 7401 7411
# Node as process 1 gets its signals itself: SIGTERM starts the drain.
# The flags of V8: see gatewayOptions in control's provisioner.
ENTRYPOINT ["node", "--enable-source-maps", "--min-semi-space-size=32", "--max-semi-space-size=32", "--v8-pool-size=1", "--no-memory-reducer", "--retain-maps-for-n-gc=1000000", "--no-allocation-site-pretenuring", "--max-inlined-bytecode-size=1500", "--max-inlined-bytecode-size-cumulative=10000", "--max-inlined-bytecode-size-absolute=20000", "--min-inlining-frequency=0.03", "dist/server.js"]
