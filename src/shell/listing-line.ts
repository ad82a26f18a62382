import type { FileEntry } from "./runner-shell.js";
import { unquoteC } from "./unquote-c.js";

/**
 * Everything of a line before its name: type and permissions, ACL mark, links, owner, group, size (a device: major and minor), time.
 * `?` stands for what ls could not find out.
 */
const head =
  /^(\S)(\S{9})(\S?) +(?:\d+|\?) +(\S+) +(\S.*?) +(?:\d+, *\d+|(\d+|\?)) +(?:(-?\d+)(?:\.\d+)?|\?) +$/;

/** A line of `ls -l --quoting-style=c --time-style=+%s` as an entry with its bare name; undefined when it is none. */
export function parseListingLine(line: string): FileEntry | undefined {
  const quote = line.indexOf('"');
  if (quote === -1) return undefined;
  const match = head.exec(line.slice(0, quote));
  const name = unquoteC(line, quote);
  if (match === null || name === undefined) return undefined;
  const [, entryType = "", permissions = "", mark = "", owner = "", group = "", size, time] = match;
  const target = line.startsWith(" -> ", name.end) ? unquoteC(line, name.end + 4) : undefined;
  return {
    name: name.name,
    entryType,
    ...(target === undefined ? {} : { linkTarget: target.name }),
    size: numberOf(size),
    modificationTime: numberOf(time),
    permissions: mark === "+" ? `${permissions}+` : permissions,
    owner,
    group,
  };
}

function numberOf(text: string | undefined): number {
  return text === undefined || text === "?" ? 0 : Number(text);
}
