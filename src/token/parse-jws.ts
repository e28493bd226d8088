import { InvalidTokenError } from '../base/errors.js';
import { createFifoCache } from '../base/fifo-cache.js';
import { freezeJson, type JsonObject } from '../base/json.js';
import { decodeBase64url } from './compact-serialization.js';
import { parseHeaderObject } from './protected-header.js';

/** A JWS in its parts, not verified yet. The header is deeply frozen. */
export interface ParsedJws {
  readonly header: JsonObject;
  readonly payload: Buffer;
  /** Encoded header and payload, which the signature covers. RFC 7515 §5.2 step 8. */
  readonly signingInput: Buffer;
  readonly signature: Buffer;
  /** Whether the header is in the cache. */
  readonly isCached: boolean;
}

/** Maximum number of cached headers. Tokens under one signature key usually have the same header. */
const MAX_CACHED = 256;

const cached = createFifoCache<string, JsonObject>(MAX_CACHED);

/** Maximum nesting depth of a header, in objects and arrays. */
const MAX_HEADER_DEPTH = 4;

/**
 * Split a JWS in compact serialization into three segments of canonical base64url, and decode them.
 *
 * @throws InvalidTokenError if the JWS is malformed.
 * @see RFC 7515 §7.1
 */
export function parseJws(bytes: Buffer): ParsedJws {
  const [header, payload, signature, ...excess] = bytes.toString('latin1').split('.', 4);
  if (header === undefined || payload === undefined || signature === undefined || excess.length > 0) {
    throw new InvalidTokenError('jws_malformed');
  }
  try {
    const signingInput = bytes.subarray(0, header.length + 1 + payload.length);
    const decoded = {
      payload: decodeBase64url(payload),
      signature: decodeBase64url(signature),
      signingInput,
    };
    const known = cached.get(header);
    return { header: known ?? parseHeader(header), ...decoded, isCached: known !== undefined };
  } catch (cause) {
    throw new InvalidTokenError('jws_malformed', cause);
  }
}

/** Parse and deeply freeze the encoded header of a JWS. */
function parseHeader(encoded: string): JsonObject {
  const header = parseHeaderObject(decodeBase64url(encoded));
  if (!freezeJson(header, MAX_HEADER_DEPTH)) throw new InvalidTokenError('jws_malformed');
  return header;
}

/** Cache the header of a JWS. Call it only after verification, so that attackers cannot fill the cache. */
export function cacheJwsHeader({ header, signingInput, isCached }: ParsedJws): void {
  if (!isCached) cached.set(signingInput.toString('latin1', 0, signingInput.indexOf('.')), header);
}
