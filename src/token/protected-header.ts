import { isUtf8 } from 'node:buffer';
import { InvalidTokenError } from '../base/errors.js';
import { hasDuplicateMembers } from '../base/has-duplicate-members.js';
import { freezeJson, isJsonObject, type JsonObject } from '../base/json.js';

/** The protected header of a token that may be opened (RFC 7516 section 4.1). */
export interface ProtectedHeader extends JsonObject {
  readonly alg: string;
  readonly enc: string;
  readonly kid: string;
}

/** 1 KiB, decoded. */
const MAX_HEADER_BYTES = 1024;

const MAX_HEADER_DEPTH = 4;

/**
 * Members that make a token refused, wherever they stand: compression, which leaks lengths and bombs (RFC 8725
 * section 3.6), extensions that we do not know (RFC 7516 section 4.1.13), keys and URLs supplied by the
 * sender (RFC 8725 sections 3.9 and 3.10), the iteration count of PBES2, and claims repeated in the header
 * (RFC 7519 section 5.3), which would tell everybody what the token hides.
 */
const REFUSED_MEMBERS = ['zip', 'crit', 'jku', 'jwk', 'x5u', 'x5c', 'p2c', 'iss', 'sub', 'aud'];

/** Members that only the codec writes, and claims, which would stand readable in a header (RFC 7519 section 5.3). */
const RESERVED_MEMBERS = new Set([
  ...['alg', 'enc', 'kid', 'typ', 'cty', 'epk', 'apu', 'apv', 'iv', 'tag', 'p2s'],
  ...['exp', 'nbf', 'iat', 'jti', 'client_id', 'scope'],
  ...REFUSED_MEMBERS,
]);

/**
 * Reads the protected header, deeply frozen, and applies every rule that needs no key.
 * @throws InvalidTokenError
 */
export function parseProtectedHeader(bytes: Buffer): ProtectedHeader {
  const header = parseHeaderObject(bytes);
  for (const member of REFUSED_MEMBERS) {
    if (Object.hasOwn(header, member)) throw new InvalidTokenError('header_refused_member');
  }
  if (!hasRequiredMembers(header)) throw new InvalidTokenError('header_invalid_member');
  if (!freezeJson(header, MAX_HEADER_DEPTH)) throw new InvalidTokenError('header_invalid_member');
  if (header['cty'] !== undefined && !isJwt(header['cty'])) throw new InvalidTokenError('content_type');
  return header;
}

/**
 * Reads the JSON object of a header, of a JWE or a JWS: bounded, in UTF-8, and no member twice.
 * @throws InvalidTokenError
 */
export function parseHeaderObject(bytes: Buffer): JsonObject {
  if (bytes.length > MAX_HEADER_BYTES) throw new InvalidTokenError('header_too_long');
  if (!isUtf8(bytes)) throw new InvalidTokenError('header_not_json');
  const text = bytes.toString('utf8');
  const header = parseObject(text);
  if (hasDuplicateMembers(text)) throw new InvalidTokenError('header_duplicate_member');
  return header;
}

/** A nested JWT (RFC 7519 section 5.2); case does not count in a media type (RFC 7516 section 4.1.12). */
function isJwt(cty: unknown): boolean {
  return typeof cty === 'string' && /^(application\/)?jwt$/i.test(cty);
}

/**
 * @param members of a caller, to stand in the protected header beside those of the codec.
 * @throws TypeError for a member that is reserved: written by the codec, refused on arrival, or a claim.
 */
export function assertAdditionalMembers(members: JsonObject): void {
  for (const member of Object.keys(members)) {
    if (RESERVED_MEMBERS.has(member)) {
      throw new TypeError(`The protected header member ${member} is reserved`);
    }
  }
}

/** JSON.parse refuses a byte order mark and everything that RFC 8259 does. */
function parseObject(text: string): JsonObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new InvalidTokenError('header_not_json', cause);
  }
  if (!isJsonObject(parsed)) throw new InvalidTokenError('header_not_json');
  return parsed;
}

function hasRequiredMembers(header: JsonObject): header is ProtectedHeader {
  return ['alg', 'enc', 'kid'].every((member) => typeof header[member] === 'string');
}
