import type { Meta } from "../nomad/wire.js";

/** The least inactivity timeout, in s, that is stored while a runner is reserved, and that holds where the stored one is unreadable. */
export const RESERVED_TIMEOUT_S = 60;

/** What a runner job's config meta says about its owner (lifecycle.md, "Claiming"; nomad.md, "Job layout"). */
export type Mark =
  | { readonly kind: "free" }
  /** Marked ahead by the server instance `by`; `timeout` in s, undefined where unreadable. */
  | { readonly kind: "reserved"; readonly by: string; readonly timeout: number | undefined }
  | { readonly kind: "claimed"; readonly timeout: number | undefined };

/** Reads a mark from a config group's meta. */
export function readMark(meta: Meta): Mark {
  if (meta.used !== "true") return { kind: "free" };
  const timeout = readTimeout(meta.timeout);
  return meta.reserved === undefined
    ? { kind: "claimed", timeout }
    : { kind: "reserved", by: meta.reserved, timeout };
}

/** The meta of a runner that is reserved for a server instance, ahead of its claim. */
export function reservedMeta(meta: Meta, instance: string): Meta {
  return { ...meta, used: "true", timeout: String(RESERVED_TIMEOUT_S), reserved: instance };
}

/** The meta of a claimed runner. `timeout` in s, 0 = never. */
export function claimedMeta(meta: Meta, timeout: number): Meta {
  const { reserved: _over, ...rest } = meta;
  return { ...rest, used: "true", timeout: String(timeout) };
}

/** The meta of a runner that nobody has. */
export function freeMeta(meta: Meta): Meta {
  const { reserved: _reserved, timeout: _timeout, ...rest } = meta;
  return { ...rest, used: "false" };
}

function readTimeout(text: string | undefined): number | undefined {
  const timeout = text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(timeout) ? timeout : undefined;
}
