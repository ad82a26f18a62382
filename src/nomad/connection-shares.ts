/** How the connections to Nomad's address are divided (runner-shell.md). The event stream has one of its own beside these. */
export interface ConnectionShares {
  /** API calls, at most at the same time. */
  readonly api: number;
  /** Exec sessions; 0 = no limit. */
  readonly exec: number;
}

/** As many marks run side by side (lifecycle.md). */
const mostForApi = 16;
const apiWithoutLimit = 64;

/**
 * Divides `nomad.connections` (0 = no limit): one for the event stream, up to 16 for API calls, the rest for exec sessions. Each
 * part has at least one, so that fewer than 3 in all cannot be kept.
 */
export function shareConnections(connections: number): ConnectionShares {
  if (connections === 0) return { api: apiWithoutLimit, exec: 0 };
  const api = Math.max(1, Math.min(mostForApi, Math.floor(connections / 4)));
  return { api, exec: Math.max(1, connections - 1 - api) };
}
