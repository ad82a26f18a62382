/** An answer that is not 200: Nomad's plain text body. */
export class HttpError extends Error {
  readonly status: number;
  /** For `X-Nomad-Index`; Nomad sets it on a 404 of a record. */
  readonly index: number | undefined;

  constructor(status: number, text: string, options: { readonly index?: number } = {}) {
    super(text);
    this.name = "HttpError";
    this.status = status;
    this.index = options.index;
  }
}
