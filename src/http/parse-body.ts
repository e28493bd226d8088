import { TextDecoder } from 'node:util';
import { InvalidRequestError } from '../base/errors.js';
import { hasDuplicateMembers } from '../base/has-duplicate-members.js';
import { isJsonObject } from '../base/json.js';
import type { IncomingRequest } from './incoming-request.js';
import { readFields } from './read-fields.js';
import { type Parameters, parseForm } from './read-parameter.js';

/** Maximum length of an unparsed body in bytes. */
export const BODY_LIMIT = 16_384;

export const FORM_TYPE = 'application/x-www-form-urlencoded';
export const JSON_TYPE = 'application/json';

/** Return the media type of the body in lower case, without parameters. */
export function mediaTypeOf(req: IncomingRequest): string | undefined {
  const [contentType] = readFields(req, 'content-type');
  return contentType?.split(';', 1).join('').trim().toLowerCase();
}

/** Whether a body has been received but not parsed, for example by an adapter or by `express.raw()`. */
export function isUnparsed(body: unknown): body is string | Uint8Array {
  return typeof body === 'string' || body instanceof Uint8Array;
}

/**
 * Parse the body of a request: a form (RFC 6749 §4.4.2) or a JSON object. Accept bytes, a string, and an object that
 * another body parser has parsed.
 *
 * @returns an empty map if the request has no body
 * @throws InvalidRequestError if an unparsed body is too large, compressed, malformed or not in its charset
 */
export function parseBody(req: IncomingRequest): Parameters {
  const body: unknown = req.body;
  if (!isUnparsed(body)) return isJsonObject(body) ? toParameters(body) : new Map();
  if (Buffer.byteLength(body) > BODY_LIMIT)
    throw new InvalidRequestError('The body is too large', { status: 413 });
  const text = typeof body === 'string' ? body : decode(req, body);
  return mediaTypeOf(req) === JSON_TYPE ? parseJson(text) : parseForm(text);
}

/** Decode bytes in the charset of the request. Reject malformed bytes instead of replacing them. */
function decode(req: IncomingRequest, bytes: Uint8Array): string {
  const [encoding = 'identity'] = readFields(req, 'content-encoding');
  if (encoding.toLowerCase() !== 'identity')
    throw new InvalidRequestError('The body must not be compressed', { status: 415 });
  const decoder = createDecoder(req);
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new InvalidRequestError('The body is not in its charset', { cause });
  }
}

const CHARSET = /;[ \t]*charset[ \t]*=[ \t]*"?([^\s";]+)/i;

function createDecoder(req: IncomingRequest): TextDecoder {
  const [contentType = ''] = readFields(req, 'content-type');
  const [, charset = 'utf-8'] = CHARSET.exec(contentType) ?? [];
  try {
    return new TextDecoder(charset, { fatal: true });
  } catch (cause) {
    throw new InvalidRequestError('The charset of the body is not supported', { status: 415, cause });
  }
}

/** Parse a JSON object. Reject repeated members, because `JSON.parse` hides all but the last one. */
function parseJson(text: string): Parameters {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new InvalidRequestError('The body is not valid JSON');
  }
  if (!isJsonObject(parsed)) throw new InvalidRequestError('The body must be a JSON object');
  if (hasDuplicateMembers(text)) throw new InvalidRequestError('The body repeats a parameter');
  return new Map(Object.entries(parsed).map(([name, value]) => [name, [value]]));
}

/** Convert a parsed body to parameters. Body parsers return repeated form parameters as an array. */
function toParameters(body: object): Parameters {
  return new Map(Object.entries(body).map(([name, value]) => [name, Array.isArray(value) ? value : [value]]));
}
