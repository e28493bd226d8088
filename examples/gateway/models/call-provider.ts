import { finished, type Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { ModelEndpoint } from 'passport-jwe/api-keys';
import { type Dispatcher, errors } from 'undici';
import { decodeBody } from './decode-body.js';
import type { Course } from './follow-exchange.js';
import { ModelApiError, providerFailed, providerTimedOut, withoutRetry } from './model-api-error.js';
import { secretsOf } from './redact-secrets.js';
import { sendRequest } from './send-request.js';
import type { RetryPermit } from './suspend-retries.js';
import { translateRefusal } from './translate-refusal.js';

/** Request to an endpoint of a model. */
export interface ProviderCall {
  readonly endpoint: ModelEndpoint;
  readonly url: Readonly<URL>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | Readable;
}

/** What a request to a provider needs of the client's request. */
type ProviderClient = Pick<Course, 'signal' | 'onLeave' | 'setProcessing' | 'setProviderRequestId'>;

/** Successful response of a provider. */
export interface ProviderAnswer {
  /** Endpoint that responded. */
  readonly endpoint: ModelEndpoint;
  readonly contentType: string;
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
 * @param client the signal is aborted and `onLeave` is called when the client disconnects. `setProcessing` is called when a provider receives the request, and when it fails.
 *   `setProviderRequestId` is called for each response.
 * @throws ModelApiError (as rejection) if all endpoints failed, or if one rejected the request.
 */
export async function callProvider(
  dispatcher: Dispatcher,
  calls: readonly (() => ProviderCall)[],
  client: ProviderClient,
  { mayRetry, onExhausted }: RetryPermit,
): Promise<ProviderAnswer> {
  const pauses = mayRetry ? PAUSES_MS : [];
  let sent = 0;
  for (const [retries, pauseMs] of [...pauses, undefined].entries()) {
    const round = await attemptInOrder(dispatcher, calls, client);
    const { attempt } = round;
    if (attempt.kind === 'answered') return attempt.answer;
    sent += round.sent;
    if (!attempt.mayRetry || pauseMs === undefined) {
      if (attempt.mayRetry || retries > 0) onExhausted();
      // Otherwise, the retries of the client would multiply those of the gateway and the requests to other endpoints.
      throw sent > 1 ? withoutRetry(attempt.failure) : attempt.failure;
    }
    await pause(pauseMs, undefined, { signal: client.signal() });
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

/** Attempts at the endpoints of a model, in order. */
interface Round {
  /** Result of the last attempt. It allows a retry only if all attempts do. */
  readonly attempt: Attempt;
  /** Number of requests to endpoints. */
  readonly sent: number;
}

/** Sends a request to the endpoints in order, until one of them accepts it or a failure permits no failover. */
async function attemptInOrder(
  dispatcher: Dispatcher,
  calls: readonly (() => ProviderCall)[],
  client: ProviderClient,
): Promise<Round> {
  let mayRetry = true;
  for (const [index, build] of calls.entries()) {
    const attempt = await attemptCall(dispatcher, build(), client);
    const sent = index + 1;
    if (attempt.kind === 'answered') return { attempt, sent };
    mayRetry &&= attempt.mayRetry;
    if (!attempt.mayFailOver || sent === calls.length) return { attempt: { ...attempt, mayRetry }, sent };
  }
  throw providerFailed(new Error('The model has no endpoint'));
}

async function attemptCall(
  dispatcher: Dispatcher,
  { endpoint, url, headers, body: content }: ProviderCall,
  client: ProviderClient,
): Promise<Attempt> {
  const { onLeave, setProcessing, setProviderRequestId } = client;
  const { timeoutMs: headersTimeout, idleTimeoutMs: bodyTimeout } = endpoint;
  try {
    const sent = { url, headers, body: content, headersTimeout, bodyTimeout };
    const response = await sendRequest(dispatcher, sent, { onStart: () => setProcessing(true), onLeave });
    const { status, headers: received } = response;
    const encoding = firstOf(received['content-encoding']);
    setProviderRequestId(firstOf(received['x-request-id']) ?? firstOf(received['request-id']));
    if (status >= 200 && status < 300) {
      const contentType = firstOf(received['content-type']) ?? '';
      const body = decodeBody(response.body, encoding);
      return { kind: 'answered', answer: { endpoint, contentType, body } };
    }
    setProcessing(false);
    const retryAfter = firstOf(received['retry-after']);
    // The status is known, so a body that is too long, encoded or breaks off only costs the message.
    const body = await readRefusal(response.body, encoding).catch(() => '');
    client.signal().throwIfAborted();
    const failure = translateRefusal({ status, retryAfter, body }, secretsOf(endpoint));
    const waitsBriefly = (failure.detail.retryAfterSeconds ?? 0) <= MAX_RETRY_AFTER_SECONDS;
    const mayRetry = OVERLOADED.has(status) && waitsBriefly;
    return { kind: 'failed', failure, mayRetry, mayFailOver: status === 429 || status >= 500 };
  } catch (cause) {
    setProcessing(false);
    client.signal().throwIfAborted();
    const mayRetry = NEVER_SENT.has(codeOf(cause));
    return { kind: 'failed', failure: translateFailure(cause), mayRetry, mayFailOver: true };
  }
}

async function readRefusal(body: Readable, encoding: string | undefined): Promise<string> {
  return String(await readBytes(decodeBody(body, encoding), MAX_REFUSAL_LENGTH));
}

/** Converts a connection failure to the error response: 504 for a timeout, otherwise 502. */
export function translateFailure(cause: unknown): ModelApiError {
  if (cause instanceof ModelApiError) return cause;
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
  await new Promise<void>((resolve, reject) => {
    finished(body, (failure) => (failure ? reject(failure) : resolve()));
    body.on('data', (bytes: Buffer) => {
      length += bytes.length;
      chunks.push(bytes);
      if (length <= maxLength) return;
      body.destroy(providerFailed(new Error(`The response of the provider exceeds ${maxLength} bytes`)));
    });
  });
  const [only] = chunks;
  return only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks, length);
}

function codeOf(cause: unknown): string {
  if (cause instanceof AggregateError) return codeOf(cause.errors[0]);
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}

function firstOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}
