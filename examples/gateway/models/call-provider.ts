import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { type Dispatcher, errors, request } from 'undici';
import { type ModelApiError, providerFailed, providerTimedOut } from './model-api-error.js';
import { translateRefusal } from './translate-refusal.js';

/** Request to the provider of a model. */
export interface ProviderCall {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** API key of the provider, which is also in the headers. */
  readonly secret: string | undefined;
  /** Aborted when the client disconnects. */
  readonly signal: AbortSignal;
}

/** Successful response of a provider. */
export interface ProviderAnswer {
  readonly contentType: string;
  /** Request ID that the provider assigned. */
  readonly requestId: string | undefined;
  readonly body: Readable;
}

/** Delays before retries, in milliseconds. */
const PAUSES_MS = [200, 800];

/** Codes of connection errors before any part of the request reached the provider. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'],
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Statuses that allow a retry, because the provider did not process the request. */
const OVERLOADED: ReadonlySet<number> = new Set([503, 529]);

/** Maximum `Retry-After` in seconds for a retry. A longer delay could exceed the timeout of the client. */
const MAX_RETRY_AFTER_SECONDS = 2;

const MAX_REFUSAL_LENGTH = 64 * 1024;

/**
 * Sends a request to a provider. Retries only if the provider cannot have processed the request. Redirects are not
 * followed, because they could leak the API key of the provider.
 *
 * @throws ModelApiError (as rejection) if the request failed.
 */
export async function callProvider(dispatcher: Dispatcher, call: ProviderCall): Promise<ProviderAnswer> {
  for (const pauseMs of [...PAUSES_MS, undefined]) {
    const attempt = await attemptCall(dispatcher, call);
    if (attempt.kind === 'answered') return attempt.answer;
    if (pauseMs === undefined || !attempt.mayRetry) throw attempt.failure;
    await pause(pauseMs, undefined, { signal: call.signal });
  }
  throw providerFailed();
}

type Attempt =
  | { readonly kind: 'answered'; readonly answer: ProviderAnswer }
  | { readonly kind: 'failed'; readonly failure: ModelApiError; readonly mayRetry: boolean };

async function attemptCall(dispatcher: Dispatcher, call: ProviderCall): Promise<Attempt> {
  const { url, headers, body, signal, secret } = call;
  try {
    const response = await request(url, { dispatcher, method: 'POST', headers, body, signal });
    const { statusCode: status } = response;
    if (status >= 200 && status < 300) return { kind: 'answered', answer: readAnswer(response) };
    const retryAfter = firstOf(response.headers['retry-after']);
    const failure = translateRefusal(
      { status, retryAfter, body: await readText(response.body, MAX_REFUSAL_LENGTH) },
      secret,
    );
    const waitsBriefly = (failure.detail.retryAfterSeconds ?? 0) <= MAX_RETRY_AFTER_SECONDS;
    return { kind: 'failed', failure, mayRetry: OVERLOADED.has(status) && waitsBriefly };
  } catch (cause) {
    signal.throwIfAborted();
    return { kind: 'failed', failure: translateFailure(cause), mayRetry: NEVER_SENT.has(codeOf(cause)) };
  }
}

function readAnswer({ headers, body }: Dispatcher.ResponseData): ProviderAnswer {
  return {
    contentType: firstOf(headers['content-type']) ?? '',
    requestId: firstOf(headers['x-request-id']) ?? firstOf(headers['request-id']),
    body,
  };
}

/** Converts a connection failure to the error response: 504 for a timeout, otherwise 502. */
export function translateFailure(cause: unknown): ModelApiError {
  const isTimeout = cause instanceof errors.HeadersTimeoutError || cause instanceof errors.BodyTimeoutError;
  return isTimeout ? providerTimedOut(cause) : providerFailed(cause);
}

/**
 * Reads a body as UTF-8 text.
 *
 * @param maxLength maximum length in bytes.
 * @throws ModelApiError (as rejection) if the body is longer than `maxLength`.
 */
export async function readText(body: Readable, maxLength: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > maxLength)
      throw providerFailed(new Error(`The response of the provider exceeds ${maxLength} bytes`));
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Discards a response body and ignores its errors. */
export function discard(body: Readable): void {
  body.on('error', () => {}).destroy();
}

function codeOf(cause: unknown): string {
  if (cause instanceof AggregateError) return codeOf(cause.errors[0]);
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}

function firstOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}
