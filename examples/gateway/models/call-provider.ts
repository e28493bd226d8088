import { pipeline, type Readable, type Transform } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { constants, createBrotliDecompress, createUnzip } from 'node:zlib';
import type { ModelEndpoint } from 'passport-jwe/api-keys';
import { type Dispatcher, errors, request } from 'undici';
import type { Course } from './follow-exchange.js';
import { type ModelApiError, providerFailed, providerTimedOut, withoutRetry } from './model-api-error.js';
import { noteStart } from './note-start.js';
import { translateRefusal } from './translate-refusal.js';

/** Request to an endpoint of a model. */
export interface ProviderCall {
  readonly endpoint: ModelEndpoint;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What a request to a provider needs of the client's request. */
type ProviderClient = Pick<Course, 'signal' | 'setProcessing'>;

/** Successful response of a provider. */
export interface ProviderAnswer {
  /** Endpoint that responded. */
  readonly endpoint: ModelEndpoint;
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
 * Sends a request to the first endpoint that accepts it. If an endpoint is unavailable, does not respond in time, limits
 * the rate or fails, the next one follows at once. After the last endpoint, retries all of them only if no provider can
 * have processed the request. Redirects are not followed, because they could leak the API key of the provider.
 *
 * @param calls requests to the endpoints, in order. Each one is built when it is needed.
 * @param client `signal` is aborted when the client disconnects. `setProcessing` is called when a provider receives the request, and when it fails.
 * @throws ModelApiError (as rejection) if all endpoints failed, or if one rejected the request.
 */
export async function callProvider(
  dispatcher: Dispatcher,
  calls: readonly (() => ProviderCall)[],
  client: ProviderClient,
): Promise<ProviderAnswer> {
  const { signal } = client;
  for (const [retries, pauseMs] of [...PAUSES_MS, undefined].entries()) {
    const attempt = await attemptInOrder(dispatcher, calls, client);
    if (attempt.kind === 'answered') return attempt.answer;
    if (!attempt.mayRetry || pauseMs === undefined) {
      // Otherwise, the retries of the client would multiply those of the gateway.
      throw retries > 0 ? withoutRetry(attempt.failure) : attempt.failure;
    }
    await pause(pauseMs, undefined, { signal });
  }
  throw providerFailed();
}

type Attempt =
  | { readonly kind: 'answered'; readonly answer: ProviderAnswer }
  | {
      readonly kind: 'failed';
      readonly failure: ModelApiError;
      /** Whether the same endpoint may receive the request again. */
      readonly mayRetry: boolean;
      /** Whether the next endpoint may receive the request. */
      readonly mayFailOver: boolean;
    };

/** Tries the endpoints in order. The result of the last attempt allows a retry only if all attempts do. */
async function attemptInOrder(
  dispatcher: Dispatcher,
  calls: readonly (() => ProviderCall)[],
  client: ProviderClient,
): Promise<Attempt> {
  let mayRetry = true;
  for (const [index, build] of calls.entries()) {
    const attempt = await attemptCall(dispatcher, build(), client);
    if (attempt.kind === 'answered') return attempt;
    mayRetry &&= attempt.mayRetry;
    if (!attempt.mayFailOver || index === calls.length - 1) return { ...attempt, mayRetry };
  }
  throw providerFailed(new Error('The model has no endpoint'));
}

async function attemptCall(
  dispatcher: Dispatcher,
  { endpoint, url, headers, body: content }: ProviderCall,
  { signal, setProcessing }: ProviderClient,
): Promise<Attempt> {
  const timeouts = {
    ...(endpoint.timeoutMs === undefined ? {} : { headersTimeout: endpoint.timeoutMs }),
    ...(endpoint.idleTimeoutMs === undefined ? {} : { bodyTimeout: endpoint.idleTimeoutMs }),
  };
  try {
    const noting = noteStart(dispatcher, () => setProcessing(true));
    const options = {
      dispatcher: noting,
      method: 'POST',
      headers,
      body: content,
      signal,
      ...timeouts,
    } as const;
    const response = decode(await request(url, options));
    const { statusCode: status } = response;
    if (status >= 200 && status < 300) {
      return { kind: 'answered', answer: { endpoint, ...readAnswer(response) } };
    }
    setProcessing(false);
    const retryAfter = firstOf(response.headers['retry-after']);
    // The status is known, so a body that is too long or breaks off only costs the message.
    const body = await readBytes(response.body, MAX_REFUSAL_LENGTH).catch(() => '');
    signal.throwIfAborted();
    const failure = translateRefusal({ status, retryAfter, body: String(body) }, secretsOf(endpoint));
    const waitsBriefly = (failure.detail.retryAfterSeconds ?? 0) <= MAX_RETRY_AFTER_SECONDS;
    const mayRetry = OVERLOADED.has(status) && waitsBriefly;
    return { kind: 'failed', failure, mayRetry, mayFailOver: status === 429 || status >= 500 };
  } catch (cause) {
    setProcessing(false);
    signal.throwIfAborted();
    const mayRetry = NEVER_SENT.has(codeOf(cause));
    return { kind: 'failed', failure: translateFailure(cause), mayRetry, mayFailOver: true };
  }
}

/**
 * Decodes a body that a provider has encoded although the request asks for `identity` (RFC 9110 §12.5.3).
 *
 * @throws Error if the encoding is not supported.
 */
function decode(response: Dispatcher.ResponseData): Answered {
  const { statusCode, headers, body } = response;
  const encoding = firstOf(headers['content-encoding'])?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity' || encoding === '') return { statusCode, headers, body };
  const decoder = createDecoder(encoding);
  if (decoder === undefined) {
    discard(body);
    throw new Error('The provider encoded the response in a way that was not requested');
  }
  // Errors of the connection reach the reader through the decoder.
  pipeline(body, decoder, () => {});
  return { statusCode, headers, body: decoder };
}

interface Answered extends Pick<Dispatcher.ResponseData, 'statusCode' | 'headers'> {
  readonly body: Readable;
}

function createDecoder(encoding: string): Transform | undefined {
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
    case 'deflate':
      return createUnzip({ flush: constants.Z_SYNC_FLUSH });
    case 'br':
      return createBrotliDecompress({ flush: constants.BROTLI_OPERATION_FLUSH });
    default:
      return undefined;
  }
}

/** Minimum length of a query parameter that can be a secret. Shorter ones are words of messages too. */
const MIN_PARAMETER_LENGTH = 8;

/** Returns the secrets of an endpoint, which must not occur in messages. */
function secretsOf({ apiKey, headers, query }: ModelEndpoint): readonly string[] {
  const values = [...(apiKey === undefined ? [] : [apiKey]), ...headers.values()].map((each) =>
    each.reveal(),
  );
  const parameters = [...query.values()].map((each) => each.reveal());
  return [...values, ...parameters.filter(({ length }) => length >= MIN_PARAMETER_LENGTH)];
}

function readAnswer({ headers, body }: Answered): Omit<ProviderAnswer, 'endpoint'> {
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
 * Reads a body.
 *
 * @param maxLength maximum length in bytes.
 * @throws ModelApiError (as rejection) if the body is longer than `maxLength`.
 */
export async function readBytes(body: Readable, maxLength: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    const bytes: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
    length += bytes.length;
    if (length > maxLength)
      throw providerFailed(new Error(`The response of the provider exceeds ${maxLength} bytes`));
    chunks.push(bytes);
  }
  const [only] = chunks;
  return only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks, length);
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
