import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { type Dispatcher, errors, request } from 'undici';
import { type ModelApiError, providerFailed, providerTimedOut } from './model-api-error.js';
import { translateRefusal } from './translate-refusal.js';

/** A request to the provider of a model. */
export interface ProviderCall {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The provider's key, which is in the headers already. */
  readonly secret: string | undefined;
  /** Aborted when the client leaves. */
  readonly signal: AbortSignal;
}

/** What a provider answered with success. */
export interface ProviderAnswer {
  readonly contentType: string;
  /** Name that the provider gave the request. */
  readonly requestId: string | undefined;
  readonly body: Readable;
}

/** Pauses before a further attempt, in milliseconds. */
const PAUSES_MS = [200, 800];

/** Nothing of a request has reached the provider when one of these is the failure. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'],
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** The provider says that it did nothing and may be asked again. */
const OVERLOADED: ReadonlySet<number> = new Set([503, 529]);

/** A client waits with less patience than a provider may ask for. */
const MAX_RETRY_AFTER_SECONDS = 2;

const MAX_REFUSAL_LENGTH = 64 * 1024;

/**
 * Sends a request to a provider; again only where it is certain that the first one did nothing. Redirects are not
 * followed: they could lead the provider's key anywhere.
 * @throws ModelApiError (as rejection) where it failed, in the words of the gateway.
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

/** A failure of the connection in the words of the gateway. */
export function translateFailure(cause: unknown): ModelApiError {
  const isTimeout = cause instanceof errors.HeadersTimeoutError || cause instanceof errors.BodyTimeoutError;
  return isTimeout ? providerTimedOut(cause) : providerFailed(cause);
}

/**
 * The text of a body. What is longer than it may be is not read to its end.
 * @throws ModelApiError (as rejection) where it is longer.
 */
export async function readText(body: Readable, maxLength: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > maxLength) throw providerFailed(new Error('The answer of the provider is too long'));
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Gives up a body: whoever read it before is told, and nobody else. */
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
