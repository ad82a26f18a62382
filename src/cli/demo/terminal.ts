import type { Writable } from "node:stream";
import { quote } from "../../telemetry/escape.js";
import type { MaybeTerminal } from "../context.js";

const RED = "\u001b[31m";
const DIM = "\u001b[2m";
const PLAIN = "\u001b[0m";
const PREFIX = "stderr: ";

/**
 * What the demo shows. A program's stderr is red on a terminal and has a prefix on each line elsewhere; its stdout is passed on as it
 * is, line ends of its own terminal made plain where ours is none.
 */
export class Terminal {
  readonly #output: MaybeTerminal<Writable>;
  readonly #colour: boolean;
  /** Where the cursor stands: behind which stream's text in a line that has not ended. */
  #open: "stdout" | "stderr" | undefined;

  constructor(output: MaybeTerminal<Writable>) {
    this.#output = output;
    this.#colour = output.isTTY === true;
  }

  /** A line of the demo itself. */
  say(line = ""): void {
    this.#endLine();
    this.#output.write(`${line}\n`);
  }

  /** A remark on what happens. */
  note(line: string): void {
    this.say(this.#colour ? `${DIM}${line}${PLAIN}` : line);
  }

  stdout(text: string): void {
    this.#switchTo("stdout");
    this.#write("stdout", this.#colour ? text : text.replaceAll("\r\n", "\n"));
  }

  stderr(text: string): void {
    this.#switchTo("stderr");
    if (this.#colour) {
      this.#write("stderr", `${RED}${text}${PLAIN}`, text);
      return;
    }
    const plain = text.replaceAll("\r\n", "\n");
    const body = plain.replaceAll(/\n(?=.)/gs, `\n${PREFIX}`);
    this.#write("stderr", this.#open === undefined ? `${PREFIX}${body}` : body);
  }

  /** A name or text from a runner, safe to print: quoted where it holds anything odd. */
  static safe(text: string): string {
    const quoted = quote(text);
    return quoted === `"${text}"` ? text : quoted;
  }

  #write(stream: "stdout" | "stderr", text: string, bare = text): void {
    if (text === "") return;
    this.#output.write(text);
    this.#open = bare.endsWith("\n") ? undefined : stream;
  }

  /** Two streams never share a line where no colour tells them apart. */
  #switchTo(stream: "stdout" | "stderr"): void {
    if (!this.#colour && this.#open !== stream) this.#endLine();
  }

  #endLine(): void {
    if (this.#open !== undefined) this.#output.write("\n");
    this.#open = undefined;
  }
}
