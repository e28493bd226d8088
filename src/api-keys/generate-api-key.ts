import { randomInt } from 'node:crypto';
import { assertOptions, type KnownOptions } from '../base/options.js';
import { BASE62, checksumOf } from './parse-api-key.js';

/** Options of `generateApiKey()`. Both parts are readable in the API key. */
export interface GenerateApiKeyOptions {
  /**
   * First part of the API key, which identifies the product: 1 to 16 characters from a-z 0-9.
   *
   * @default 'pjwe'
   */
  readonly prefix?: string;
  /**
   * Second part of the API key, which names the environment: 1 to 16 characters from a-z 0-9.
   *
   * @default 'production'
   */
  readonly environment?: string;
}

const KNOWN: KnownOptions<GenerateApiKeyOptions> = { prefix: true, environment: true };

const RANDOM_LENGTH = 32;

/**
 * Generate a random API key: `<prefix>_<environment>_`, then 32 random base62 characters (190 bits) and a 6-character
 * checksum. Secret scanners recognise this format. The token endpoint rejects mistyped keys by their checksum.
 *
 * @throws TypeError if an option is unknown, or if `prefix` or `environment` is malformed.
 * @example
 * const apiKey = generateApiKey({ prefix: 'acme', environment: 'staging' }); // acme_staging_...
 */
export function generateApiKey(options: GenerateApiKeyOptions = {}): string {
  assertOptions(options, KNOWN, 'generateApiKey');
  const { prefix = 'pjwe', environment = 'production' } = options;
  for (const [name, part] of Object.entries({ prefix, environment })) {
    if (!/^[a-z0-9]{1,16}$/.test(part))
      throw new TypeError(
        `generateApiKey: ${name} must be 1 to 16 characters from a-z 0-9, for example "acme"`,
      );
  }
  const random = Array.from({ length: RANDOM_LENGTH }, () => BASE62.charAt(randomInt(BASE62.length))).join(
    '',
  );
  const text = `${prefix}_${environment}_${random}`;
  return text + checksumOf(text);
}
