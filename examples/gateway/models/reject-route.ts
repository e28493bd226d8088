import type { RequestHandler } from 'express';
import { ModelApiError } from './model-api-error.js';

const OF_ACCOUNT = 'belong to the provider account, which all clients of this gateway share';

/** Reasons and advice for routes of OpenAI's and Anthropic's APIs that the gateway does not serve, in order. */
const UNSUPPORTED: readonly (readonly [path: RegExp, message: string])[] = [
  [/^\/responses\/compact\/?$/i, 'This gateway does not compact responses: shorten input instead'],
  [
    /^\/responses\/input_tokens\/?$/i,
    'This gateway does not count the tokens of responses: read usage in the response instead',
  ],
  [/^\/responses\//i, `Stored responses ${OF_ACCOUNT}: send the whole conversation in input instead`],
  [/^\/conversations\b/i, `Conversations ${OF_ACCOUNT}: send the whole conversation in input instead`],
  [/^\/chat\/completions\//i, `Stored chats ${OF_ACCOUNT}: send the whole conversation in messages instead`],
  [
    /^\/(files|uploads|containers|vector_stores|skills)\b/i,
    `Files ${OF_ACCOUNT}: send them in messages instead`,
  ],
  [/^\/(messages\/)?batches\b/i, 'This gateway does not process batches: send one request at a time'],
  [/^\/(complete|completions)\b/i, 'This gateway does not serve text completions: send a chat instead'],
  [
    /^\/(assistants|threads|agents|sessions)\b/i,
    'This gateway does not serve assistants: send a chat instead',
  ],
  [/^\/realtime\b/i, 'This gateway does not serve real-time sessions: stream a chat instead'],
  [/^\/images\b/i, 'This gateway does not generate images'],
  [/^\/videos\b/i, 'This gateway does not generate videos'],
  [/^\/audio\b/i, 'This gateway does not process audio, except in chats'],
  [/^\/moderations\b/i, 'This gateway does not moderate content'],
  [/^\/embeddings\//i, 'This gateway serves embeddings of one model at a time'],
  [/^\/(fine_tuning|evals|graders|organization)\b/i, 'This gateway does not manage the provider account'],
];

/**
 * Creates a handler that rejects all other routes with 404. The message names the supported routes, and never contains
 * the path of the request.
 *
 * @param served supported routes, for example `POST /v1/responses`.
 */
export function rejectRoute(served: readonly string[]): RequestHandler {
  const supported = `Supported routes: ${served.join(', ')}`;
  return ({ path }) => {
    const [, reason] = UNSUPPORTED.find(([pattern]) => pattern.test(path)) ?? [];
    const code = reason === undefined ? 'unknown_route' : 'unsupported_route';
    const message = `${reason ?? 'The requested route does not exist'}. ${supported}`;
    throw new ModelApiError({ status: 404, type: 'not_found_error', code, message });
  };
}

/** Creates a handler that rejects all other methods of a route with 405 (RFC 9110 §15.5.6). */
export function rejectMethod(...allowed: readonly string[]): RequestHandler {
  return (_req, res) => {
    res.set('Allow', allowed.join(', '));
    const message = `The route does not support this method. Supported methods: ${allowed.join(', ')}`;
    const type = 'invalid_request_error';
    throw new ModelApiError({ status: 405, type, code: 'method_not_allowed', message });
  };
}
