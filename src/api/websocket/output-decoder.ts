import { StringDecoder } from "node:string_decoder";
import type { OutputStream } from "../../runner/handle.js";
import { outputMessage } from "./messages.js";

/** Pieces above this are sent as they are and not joined with others. UTF-16 units. */
const JOINED_LENGTH = 64 * 1024;

/**
 * Turns chunks of output into messages. Each stream is decoded on its own, so that a character split over two chunks arrives whole and
 * bytes that are not UTF-8 become U+FFFD. Neighbouring pieces of one stream are joined until they are taken.
 */
export class OutputDecoder {
  readonly #decoders = { stdout: new StringDecoder("utf8"), stderr: new StringDecoder("utf8") } as const;
  #messages: string[] = [];
  #stream: OutputStream = "stdout";
  #text = "";

  add(stream: OutputStream, chunk: Buffer): void {
    this.#append(stream, this.#decoders[stream].write(chunk));
  }

  /** Nothing comes any more: what is left of cut characters is told. */
  end(): void {
    for (const stream of ["stdout", "stderr"] as const) this.#append(stream, this.#decoders[stream].end());
  }

  /** The messages gathered since the last call, in order. */
  take(): readonly string[] {
    this.#flush();
    const messages = this.#messages;
    this.#messages = [];
    return messages;
  }

  #append(stream: OutputStream, text: string): void {
    if (text === "") return;
    if (stream !== this.#stream || this.#text.length + text.length > JOINED_LENGTH) this.#flush();
    this.#stream = stream;
    this.#text += text;
  }

  #flush(): void {
    if (this.#text !== "") this.#messages.push(outputMessage(this.#stream, this.#text));
    this.#text = "";
  }
}
