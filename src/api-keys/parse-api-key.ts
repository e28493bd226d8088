import { crc32 } from 'node:zlib';

/** `<prefix>_<environment>_`, 32 random characters and 6 of the checksum. */
const FORMAT = /^(?<prefix>[a-z0-9]{1,16})_(?<environment>[a-z0-9]{1,16})_[0-9A-Za-z]{38}$/;

const CHECKSUM_LENGTH = 6;

/** Digits of base62, in the order of ASCII. */
export const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** What the form of an API key says: one that was generated here, one that was mistyped, or another form. */
export type ParsedApiKey =
  | { readonly kind: 'ok'; readonly prefix: string; readonly environment: string }
  | { readonly kind: 'typo' }
  | { readonly kind: 'foreign' };

/**
 * Tells by its form alone whether a text can be a key of `generateApiKey()`; that says nothing of whether it is
 * configured. `typo` is one of that form whose checksum does not fit, `foreign` is any other text.
 */
export function parseApiKey(text: string): ParsedApiKey {
  const { prefix, environment } = FORMAT.exec(text)?.groups ?? {};
  if (prefix === undefined || environment === undefined) return { kind: 'foreign' };
  if (checksumOf(text.slice(0, -CHECKSUM_LENGTH)) !== text.slice(-CHECKSUM_LENGTH)) return { kind: 'typo' };
  return { kind: 'ok', prefix, environment };
}

/** CRC-32 (that of zlib) over everything before it, as six digits of base62: 62^6 exceeds 2^32. */
export function checksumOf(text: string): string {
  let rest = crc32(text);
  let digits = '';
  while (digits.length < CHECKSUM_LENGTH) {
    digits = BASE62.charAt(rest % BASE62.length) + digits;
    rest = Math.floor(rest / BASE62.length);
  }
  return digits;
}
