/** The demo cannot go on; the message is for the terminal and says what to do. */
export class DemoError extends Error {
  override readonly name = "DemoError";
}
