import { InvalidTokenError } from '../base/errors.js';
import { createFifoCache } from '../base/fifo-cache.js';
import { freezeJson, type JsonObject } from '../base/json.js';
import { decodeBase64url } from './compact-serialization.js';
import { parseHeaderObject } from './protected-header.js';

/** Protected header of a JWE from a trusted issuer. Deeply frozen. @see RFC 7516 §4.1 */
export interface ExternalHeader extends JsonObject {
  readonly alg: string;
  readonly enc: string;
}

/** Maximum number of cached headers. Tokens of one issuer usually have the same header. */
const MAX_CACHED = 256;

const cached = createFifoCache<string, ExternalHeader>(MAX_CACHED);

/** Maximum nesting depth of a header, in objects and arrays. */
const MAX_HEADER_DEPTH = 4;

/**
 * Header members that cause rejection: unknown extensions (RFC 7516 §4.1.13), a key of the sender and the parameters of
 * PBES2. Other references to keys, such as `jku` and `x5t`, are ignored, because configuration selects the keys (RFC 8725
 * §3.10).
 */
const REJECTED_MEMBERS = ['crit', 'b64', 'jwk', 'p2c', 'p2s'];

/**
 * Read the encoded protected header of a JWE from a trusted issuer, from the cache if possible. It may lack `kid`, replicate the claims `iss`, `sub`
 * and `aud` (RFC 7519 §5.3), and spell `cty` as any media type of a JWT.
 *
 * @throws InvalidTokenError if the header is malformed or has a forbidden member
 */
export function readExternalHeader(encoded: string): ExternalHeader {
  return cached.get(encoded) ?? parseExternalHeader(encoded);
}

/** Cache the header of an authentic token. Headers with `epk` are not cached, because each token has another one. */
export function cacheExternalHeader(encoded: string, header: ExternalHeader): void {
  if (header['epk'] !== undefined || cached.has(encoded)) return;
  // Copies the text, because in V8 a slice of a token keeps the whole token in memory.
  cached.set(Buffer.from(encoded, 'latin1').toString('latin1'), header);
}

function parseExternalHeader(encoded: string): ExternalHeader {
  const header = parseHeaderObject(decodeBase64url(encoded));
  if (REJECTED_MEMBERS.some((member) => Object.hasOwn(header, member)) || isCompressed(header)) {
    throw new InvalidTokenError('header_refused_member');
  }
  if (!isExternalHeader(header) || !freezeJson(header, MAX_HEADER_DEPTH)) {
    throw new InvalidTokenError('header_invalid_member');
  }
  if (header['cty'] !== undefined && !isJwtType(header['cty'])) throw new InvalidTokenError('content_type');
  return header;
}

/** Whether the content is compressed, which could disclose it (RFC 8725 §3.6). Some servers write `NONE` for no. */
function isCompressed({ zip }: JsonObject): boolean {
  return zip !== undefined && zip !== 'NONE';
}

function isExternalHeader(header: JsonObject): header is ExternalHeader {
  const { alg, enc, kid } = header;
  const isKid = kid === undefined || (typeof kid === 'string' && kid !== '');
  return typeof alg === 'string' && typeof enc === 'string' && isKid;
}

/** Whether `cty` is the media type of a JWT: `JWT`, `at+jwt` or another `+jwt` (RFC 7519 §5.2, RFC 7515 §4.1.10). */
function isJwtType(cty: unknown): boolean {
  return typeof cty === 'string' && /^(application\/)?([a-z0-9][a-z0-9.-]{0,60}\+)?jwt$/i.test(cty);
}
