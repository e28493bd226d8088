import { AccessDeniedError } from '../base/errors.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';

/**
 * Characters that identity headers contain unchanged. `%` is encoded, so the encoding is unambiguous. `+` is encoded,
 * because form decoders convert it to a space. Commas would look like several fields (RFC 9110 §5.3).
 */
const ENCODED = /[^A-Za-z0-9\-._~:@/=|]+/gu;

/** Names of the identity headers. `forwardAuth()` always returns all of them. */
export type IdentityHeaders = Readonly<
  Record<
    | 'X-Auth-Subject'
    | 'X-Auth-Issuer'
    | 'X-Auth-Client'
    | 'X-Auth-Scope'
    | 'X-Auth-Token-Type'
    | 'X-Auth-Expires',
    string
  >
>;

/**
 * Return the identity headers of a token. Values are percent-encoded (RFC 3986 §2.1), and empty if the token has no such
 * claim. Scope tokens are encoded one by one, and separated by spaces.
 *
 * @param token verified token. `undefined` for an anonymous request, whose headers are all empty
 * @throws AccessDeniedError if a claim contains lone surrogates, which have no UTF-8 encoding
 */
export function identityHeaders(token: VerifiedToken | undefined): IdentityHeaders {
  const { sub, iss, client_id: client, exp } = token?.claims ?? {};
  return {
    'X-Auth-Subject': encode(sub),
    'X-Auth-Issuer': encode(iss),
    'X-Auth-Client': encode(client),
    'X-Auth-Scope': (token?.scope ?? []).map(encode).join(' '),
    'X-Auth-Token-Type': token?.type ?? '',
    'X-Auth-Expires': exp === undefined ? '' : String(exp),
  };
}

function encode(value = ''): string {
  if (!value.isWellFormed()) throw new AccessDeniedError();
  return value.replace(ENCODED, encodeURIComponent).replaceAll(MARKS, encodeMark);
}

/** Characters that `encodeURIComponent()` does not encode, although `ENCODED` matches them. */
const MARKS = /[!'()*]/g;

function encodeMark(mark: string): string {
  return `%${mark.charCodeAt(0).toString(16).toUpperCase()}`;
}
