const HEADER_BYTES = 8;

/** Which of a process's outputs a part belongs to. */
export type OutputStream = "stdout" | "stderr";

/**
 * Takes apart what Docker sends of a process without a terminal: frames with a header of 8 bytes (the stream in the first, the length in
 * the last four), torn anywhere. Payloads are handed on as they come, so that no frame is held in memory.
 */
export class Demultiplexer {
  readonly #onPayload: (stream: OutputStream, payload: Buffer) => void;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  #left = 0;
  #stream: OutputStream = "stdout";

  constructor(onPayload: (stream: OutputStream, payload: Buffer) => void) {
    this.#onPayload = onPayload;
  }

  /** @throws Error on what is no such frame */
  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) rest = this.#left === 0 ? this.#readHeader(rest) : this.#readPayload(rest);
  }

  #readHeader(chunk: Buffer): Buffer {
    const taken = chunk.copy(this.#header, this.#headerBytes);
    this.#headerBytes += taken;
    if (this.#headerBytes === HEADER_BYTES) {
      this.#headerBytes = 0;
      this.#stream = streamOf(this.#header[0]);
      this.#left = this.#header.readUInt32BE(4);
    }
    return chunk.subarray(taken);
  }

  #readPayload(chunk: Buffer): Buffer {
    const payload = chunk.subarray(0, this.#left);
    this.#left -= payload.length;
    this.#onPayload(this.#stream, payload);
    return chunk.subarray(payload.length);
  }
}

/** 3 is what Docker itself has to say. */
function streamOf(type: number | undefined): OutputStream {
  if (type === 0 || type === 1) return "stdout";
  if (type === 2 || type === 3) return "stderr";
  throw new Error(`Docker sent a frame of the unknown stream ${type}`);
}
