import { isUtf8 } from 'node:buffer';
import type { Request } from 'express';
import { InvalidRequestError, type JsonObject } from 'passport-jwe';
import { decodeUtf8 } from '../json/decode-utf8.js';
import { findExcess } from '../json/find-excess.js';
import { omitLongStrings } from '../json/omit-long-strings.js';
import { listMembers } from '../json/scan-json.js';
import { collectGarbage } from './collect-garbage.js';
import { ModelApiError } from './model-api-error.js';
import { isJsonObject } from './read-body.js';

/** Body of a model request, as received and as parsed. */
export interface ReceivedBody {
  /** Bytes of the JSON object. Unchanged parts of the body are forwarded from here. */
  readonly bytes: Buffer;
  /** The object. `lengthOfString()` returns the length of its long strings, which are omitted. */
  readonly value: JsonObject;
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Value of the parameter `charset`. JSON between systems is UTF-8 (RFC 8259 §8.1). */
const CHARSET = /;\s*charset\s*=\s*"?([^";\s]+)/i;

const UNREADABLE = 'The request body cannot be parsed: send valid JSON with Content-Type application/json';

/**
 * Parses the body that `express.raw()` has read.
 *
 * @throws InvalidRequestError if the body is not a JSON object, contains a member twice or exceeds a limit of its structure.
 * @throws ModelApiError (415) if the charset is not UTF-8.
 */
export function receiveBody(req: Request): ReceivedBody {
  const [, charset = 'utf-8'] = CHARSET.exec(req.get('content-type') ?? '') ?? [];
  if (!/^(utf-?8|us-ascii)$/i.test(charset)) {
    const message = 'The charset of the request body must be UTF-8';
    throw new ModelApiError({ status: 415, type: 'invalid_request_error', code: 'invalid_request', message });
  }
  const received: unknown = req.body;
  if (!Buffer.isBuffer(received) || !isUtf8(received)) throw new InvalidRequestError(UNREADABLE);
  const bytes = received.subarray(0, 3).equals(BYTE_ORDER_MARK) ? received.subarray(3) : received;
  const shortened = omitLongStrings(bytes);
  rejectExcess(shortened);
  collectGarbage(shortened.length);
  const value = parseObject(shortened);
  rejectRepeated(listMembers(shortened, shortened.indexOf('{')).map(({ name }) => name));
  return { bytes, value };
}

/** Limits far above those of requests that providers accept. */
const LIMITS = { depth: 500, members: 10_000, values: 1_000_000 };

const EXCESS = {
  depth: `The request body nests values too deeply: the maximum is ${LIMITS.depth} levels`,
  members: `The request body contains too many members in an object: the maximum is ${LIMITS.members}`,
  values: `The request body contains too many values: the maximum is ${LIMITS.values}`,
};

function rejectExcess(bytes: Buffer): void {
  const excess = findExcess(bytes, LIMITS);
  if (excess !== undefined) throw new InvalidRequestError(EXCESS[excess]);
}

function parseObject(bytes: Buffer): JsonObject {
  const value = parse(bytes);
  if (!isJsonObject(value)) throw new InvalidRequestError(UNREADABLE);
  return value;
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(decodeUtf8(bytes));
  } catch {
    // The error of the parser would quote the request.
    return undefined;
  }
}

/** Rejects a repeated member, because the provider may use a different value than the gateway (RFC 8259 §4). */
function rejectRepeated(names: readonly string[]): void {
  if (new Set(names).size === names.length) return;
  throw new InvalidRequestError('The request body contains a member twice: remove one of the two');
}
