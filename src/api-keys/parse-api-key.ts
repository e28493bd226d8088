import { crc32 } from 'node:zlib';

/** Format of a generated API key: `<prefix>_<environment>_`, 32 random characters and a 6-character checksum. */
const FORMAT = /^(?<prefix>[a-z0-9]{1,16})_(?<environment>[a-z0-9]{1,16})_[0-9A-Za-z]{38}$/;

const CHECKSUM_LENGTH = 6;

/** The base62 alphabet, in ASCII order. */
export const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Result of `parseApiKey()`: a generated key, a mistyped key, or a string in a different format. */
export type ParsedApiKey =
  | {
      /** The string is a generated key, and its checksum is correct. */
      readonly kind: 'ok';
      /** First part of the key: 1 to 16 lower-case letters and digits. */
      readonly prefix: string;
      /** Environment of the key, for example `production`: 1 to 16 lower-case letters and digits. */
      readonly environment: string;
    }
  | {
      /** The string has the format of a generated key, but its checksum is wrong. */
      readonly kind: 'typo';
    }
  | {
      /** The string has a different format. */
      readonly kind: 'foreign';
    };

/**
 * Parse an API key from `generateApiKey()` and verify its checksum. `typo` is a key with a wrong checksum. `foreign`
 * is any string in a different format. The result does not say whether the key is configured.
 *
 * @example
 * const parsed = parseApiKey(req.body.apiKey);
 * if (parsed.kind === 'typo') console.error('The API key is mistyped');
 * if (parsed.kind === 'ok') console.log(parsed.environment); // production
 */
export function parseApiKey(text: string): ParsedApiKey {
  const { prefix, environment } = FORMAT.exec(text)?.groups ?? {};
  if (prefix === undefined || environment === undefined) return { kind: 'foreign' };
  if (checksumOf(text.slice(0, -CHECKSUM_LENGTH)) !== text.slice(-CHECKSUM_LENGTH)) return { kind: 'typo' };
  return { kind: 'ok', prefix, environment };
}

/** Return the CRC-32 of a string (as in zlib) as six base62 digits. Six digits suffice, because 62^6 exceeds 2^32. */
export function checksumOf(text: string): string {
  let rest = crc32(text);
  let digits = '';
  while (digits.length < CHECKSUM_LENGTH) {
    digits = BASE62.charAt(rest % BASE62.length) + digits;
    rest = Math.floor(rest / BASE62.length);
  }
  return digits;
}
