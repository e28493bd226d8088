import { randomInt } from 'node:crypto';
import { assertOptions, type KnownOptions } from '../base/options.js';
import { BASE62, checksumOf } from './parse-api-key.js';

export interface GenerateApiKeyOptions {
  /** Whose key it is: 1 to 16 characters out of a-z 0-9. Default `pjwe`. */
  readonly prefix?: string;
  /** Where it is valid, as people read it: 1 to 16 characters out of a-z 0-9. Default `production`. */
  readonly environment?: string;
}

const KNOWN: KnownOptions<GenerateApiKeyOptions> = { prefix: true, environment: true };

const RANDOM_LENGTH = 32;

/**
 * Makes an API key at random: `<prefix>_<environment>_`, 32 characters of base62, which are 190 bits, and a checksum
 * of 6, by which scanners recognise it and a mistyped one is refused before it is looked up. Secret.
 * @throws TypeError for a prefix or an environment of another form.
 */
export function generateApiKey(options: GenerateApiKeyOptions = {}): string {
  assertOptions(options, KNOWN, 'generateApiKey');
  const { prefix = 'pjwe', environment = 'production' } = options;
  for (const [name, part] of Object.entries({ prefix, environment })) {
    if (!/^[a-z0-9]{1,16}$/.test(part))
      throw new TypeError(`${name} must be 1 to 16 characters out of a-z 0-9`);
  }
  const random = Array.from({ length: RANDOM_LENGTH }, () => BASE62.charAt(randomInt(BASE62.length))).join(
    '',
  );
  const text = `${prefix}_${environment}_${random}`;
  return text + checksumOf(text);
}
