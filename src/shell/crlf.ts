const newline = 0x0a;
const lineEnd = Buffer.from("\r\n");

/** Makes each `\n` a `\r\n`, as a terminal does, for output that came on a way without one (execution.md). */
export function withTerminalLineEnds(chunk: Buffer): Buffer {
  let at = chunk.indexOf(newline);
  if (at === -1) return chunk;
  const parts: Buffer[] = [];
  let start = 0;
  for (; at !== -1; at = chunk.indexOf(newline, start)) {
    parts.push(chunk.subarray(start, at), lineEnd);
    start = at + 1;
  }
  parts.push(chunk.subarray(start));
  return Buffer.concat(parts);
}
