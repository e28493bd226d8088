import { InvalidTokenError } from '../base/errors.js';
import { freezeJson, type JsonObject } from '../base/json.js';
import { decodeClaims, parseClaims } from './claims/parse-claims.js';
import { decodeBase64url } from './compact-serialization.js';
import { parseHeaderObject } from './protected-header.js';

/** A JWS in its three parts, not verified yet. Header and claims are deeply frozen. */
export interface ParsedJws {
  readonly header: JsonObject;
  readonly claims: JsonObject;
  /** Encoded header and payload, which the signature covers. RFC 7515 §5.2 step 8. */
  readonly signingInput: string;
  readonly signature: Buffer;
}

/** Maximum nesting depth of a header, in objects and arrays. */
const MAX_HEADER_DEPTH = 4;

/**
 * Parse a JWS in compact serialization whose payload is a claims set. Every segment must be canonical base64url.
 *
 * @throws InvalidTokenError if the JWS or its claims are malformed
 * @see RFC 7515 §7.1
 */
export function parseJws(jws: string): ParsedJws {
  const [encodedHeader, encodedPayload, encodedSignature, ...excess] = jws.split('.', 4);
  if (
    encodedHeader === undefined ||
    encodedPayload === undefined ||
    encodedSignature === undefined ||
    excess.length > 0
  ) {
    throw new InvalidTokenError('jws_malformed');
  }
  const { header, payload, signature } = decodeParts(encodedHeader, encodedPayload, encodedSignature);
  return {
    header,
    claims: parseClaims(decodeClaims(payload)),
    signingInput: `${encodedHeader}.${encodedPayload}`,
    signature,
  };
}

function decodeParts(encodedHeader: string, encodedPayload: string, encodedSignature: string) {
  try {
    const header = parseHeaderObject(decodeBase64url(encodedHeader));
    if (!freezeJson(header, MAX_HEADER_DEPTH)) throw new InvalidTokenError('jws_malformed');
    return { header, payload: decodeBase64url(encodedPayload), signature: decodeBase64url(encodedSignature) };
  } catch (cause) {
    throw new InvalidTokenError('jws_malformed', cause);
  }
}
