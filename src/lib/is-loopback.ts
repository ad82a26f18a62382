/** Whether a bound address is reached from this machine alone: a loopback address, or the path of a Unix socket. */
export function isLoopback(address: string): boolean {
  return /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address) || address === "::1" || address.startsWith("/");
}
