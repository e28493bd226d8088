import { isUtf8 } from 'node:buffer';
import { InvalidTokenError } from '../../base/errors.js';
import { freezeJson, isJsonObject, type JsonObject } from '../../base/json.js';

/** Maximum nesting depth of claims, in objects and arrays. */
export const MAX_CLAIMS_DEPTH = 16;

/** Decode the plaintext of a token as UTF-8. @throws InvalidTokenError if the plaintext is not valid UTF-8. */
export function decodeClaims(plaintext: Buffer): string {
  if (!isUtf8(plaintext)) throw new InvalidTokenError('claims_not_json');
  return plaintext.toString('utf8');
}

/**
 * Parse and deeply freeze claims.
 *
 * @throws InvalidTokenError if the text is not a JSON object, begins with a byte order mark or is nested too deeply.
 * @see RFC 7519 §7.2 step 10
 */
export function parseClaims(text: string): JsonObject {
  let claims: unknown;
  try {
    claims = JSON.parse(text);
  } catch {
    // The error has no cause, because the message of the parser quotes the claims.
    throw new InvalidTokenError('claims_not_json');
  }
  if (!isJsonObject(claims)) throw new InvalidTokenError('claims_not_json');
  if (!freezeJson(claims, MAX_CLAIMS_DEPTH)) throw new InvalidTokenError('claims_too_deep');
  return claims;
}
