import { randomInt } from 'node:crypto';
import { assertOptions, type KnownOptions } from '../base/options.js';
import { BASE62, checksumOf } from './parse-api-key.js';

export interface GenerateApiKeyOptions {
  /** Identifies the product: 1 to 16 characters from a-z 0-9. Default `pjwe`. */
  readonly prefix?: string;
  /** Names the environment, for human readers: 1 to 16 characters from a-z 0-9. Default `production`. */
  readonly environment?: string;
}

const KNOWN: KnownOptions<GenerateApiKeyOptions> = { prefix: true, environment: true };

const RANDOM_LENGTH = 32;

/**
 * Generates a random API key: `<prefix>_<environment>_`, 32 random base62 characters (190 bits) and a checksum of 6
 * characters. Secret scanners recognise the form, and mistyped keys are rejected before the lookup.
 *
 * @throws TypeError if `prefix` or `environment` is malformed.
 * @example
 * const apiKey = generateApiKey({ prefix: 'acme', environment: 'staging' }); // acme_staging_...
 */
export function generateApiKey(options: GenerateApiKeyOptions = {}): string {
  assertOptions(options, KNOWN, 'generateApiKey');
  const { prefix = 'pjwe', environment = 'production' } = options;
  for (const [name, part] of Object.entries({ prefix, environment })) {
    if (!/^[a-z0-9]{1,16}$/.test(part))
      throw new TypeError(`generateApiKey: ${name} must be 1 to 16 characters from a-z 0-9`);
  }
  const random = Array.from({ length: RANDOM_LENGTH }, () => BASE62.charAt(randomInt(BASE62.length))).join(
    '',
  );
  const text = `${prefix}_${environment}_${random}`;
  return text + checksumOf(text);
}
