import type { FastifyInstance } from "fastify";
import { sendEmpty } from "../answers.js";

/** A known path as a pattern, with the methods it has. */
interface KnownPath {
  readonly pattern: RegExp;
  readonly methods: Set<string>;
  readonly open: boolean;
}

/** `:id(^\d+$)` becomes `\d+`, `:name` and `:name(^.+$)` one path segment; the rest is literal. */
export function pathPattern(url: string): RegExp {
  const source = url
    .split("/")
    .map((segment) => {
      if (!segment.startsWith(":")) return segment.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
      const own = /\(\^(.+)\$\)$/.exec(segment)?.[1] ?? ".+";
      return own === ".+" ? "[^/]+" : own;
    })
    .join("/");
  return new RegExp(`^${source}$`);
}

/**
 * Unknown paths are 404, also without token; known paths with another method are 405 with `Allow`, and 401 where the path needs a token
 * that is not there. All empty. Call before the routes are added.
 */
export function addUnknownPaths(
  app: FastifyInstance,
  isAuthorized: (token: string | string[] | undefined) => boolean,
): void {
  const known = new Map<string, KnownPath>();
  app.addHook("onRoute", ({ url, method, config }) => {
    const path = known.get(url) ?? {
      pattern: pathPattern(url),
      methods: new Set(),
      open: config?.open === true,
    };
    known.set(url, path);
    for (const name of [method].flat()) path.methods.add(name);
  });
  app.setNotFoundHandler((request, reply) => {
    const path = decoded(request.url.split("?", 1)[0] ?? "/");
    const match = [...known.values()].find(({ pattern }) => pattern.test(path));
    if (match === undefined) return sendEmpty(reply, 404);
    if (!match.open && !isAuthorized(request.headers["poseidon-token"])) return sendEmpty(reply, 401);
    reply.header("allow", [...match.methods].join(", "));
    return sendEmpty(reply, 405);
  });
}

function decoded(path: string): string {
  try {
    // An encoded slash stays one: it separates nothing.
    return decodeURI(path);
  } catch {
    return path;
  }
}
