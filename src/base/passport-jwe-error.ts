import type { ErrorCode, WireError } from './error-codes.js';

/** @inline */
interface FailureDetail {
  readonly code: ErrorCode;
  readonly error: WireError | undefined;
  readonly status: number;
  readonly description: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/**
 * Base class of all errors that reject a request.
 *
 * Express reads `status` and `headers`, NestJS reads `statusCode`, and Koa reads `status` and `expose`. `message` never
 * contains a token, key, secret or expected value. Internal details are in `cause`, which is never sent to a client.
 *
 * @example
 * const logRejections: ErrorRequestHandler = (error, req, res, next) => {
 *   if (error instanceof PassportJweError) log.warn({ code: error.code }, 'rejected');
 *   next(error);
 * };
 * app.use(logRejections);
 */
export abstract class PassportJweError extends Error {
  /** Error code, for example `ERR_INVALID_TOKEN`. Codes never change within a major version. */
  readonly code: ErrorCode;
  /** Value of `error` in the response. `undefined` if the request has no credentials (RFC 6750 §3.1). */
  readonly error: WireError | undefined;
  /** HTTP status code. */
  readonly status: number;
  /** Response headers. The middleware adds the challenge (`WWW-Authenticate`). */
  headers: Readonly<Record<string, string>>;

  protected constructor(detail: FailureDetail) {
    super(detail.description, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = new.target.name;
    this.code = detail.code;
    this.error = detail.error;
    this.status = detail.status;
    this.headers = detail.headers ?? {};
  }

  /** HTTP status code, under the name that NestJS reads. */
  get statusCode(): number {
    return this.status;
  }

  /** Whether a framework may send `message` to the client: true for a status below 500. */
  get expose(): boolean {
    return this.status < 500;
  }
}
