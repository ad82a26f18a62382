import { randomUUID } from "node:crypto";
import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { JSON_TYPE } from "../answers.js";
import { REQUEST_ID_HEADER } from "../plugins/request-id.js";

/** What a request that could not be read is answered with, by the parser's error code. */
const ANSWERS: Readonly<Record<string, readonly [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ["431 Request Header Fields Too Large", "the request's headers are too large"],
  ERR_HTTP_REQUEST_TIMEOUT: ["408 Request Timeout", "the request did not arrive in time"],
};
const MALFORMED = ["400 Bad Request", "the request is malformed"] as const;

/** Answers what is not HTTP, or too slow or too large, before any route is asked; as JSON like every other client error. */
export function answerClientErrors(server: Server): void {
  const answering = new WeakMap<Socket, ServerResponse>();
  server.on("request", (request, response: ServerResponse) => answering.set(request.socket, response));
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    const begun = answering.get(socket);
    const midAnswer = begun?.headersSent === true && !begun.writableEnded;
    if (!socket.writable || error.code === "ECONNRESET" || midAnswer) return socket.destroy();
    const [status, message] = ANSWERS[error.code ?? ""] ?? MALFORMED;
    const body = JSON.stringify({ message });
    socket.end(
      `HTTP/1.1 ${status}\r\nContent-Type: ${JSON_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
        `${REQUEST_ID_HEADER}: ${randomUUID()}\r\nConnection: close\r\n\r\n${body}`,
      // What the client still sends is not read; without this it could keep the socket for ever.
      () => socket.destroySoon(),
    );
  });
}
