import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { assertNumber } from '../base/options.js';
import { ROOT_SECRET_BYTES } from './assert-key-bytes.js';

const MIN_PASSPHRASE_CHARACTERS = 16;
const MIN_SALT_BYTES = 16;
const DEFAULT_ITERATIONS = 600_000;
const MAX_ITERATIONS = 10_000_000;

/** The parameters of the stack that this package can take over from; see `derivation` of `PassphraseKey`. */
const DSP_AI_PLATFORM = { salt: 'dsp-ai-platform-salt', iterations: 100_000 } as const;

export interface PassphraseKey {
  /** At least 16 characters. It goes through PBKDF2-HMAC-SHA-256 (RFC 8018 section 5.2), off the main thread. */
  readonly passphrase: string;
  /** At least 16 bytes, the same on every instance, kept with the passphrase. Mandatory: there is no default. */
  readonly salt: string | Uint8Array;
  /** Default 600 000, which is also the least. */
  readonly iterations?: number;
}

export interface LegacyPassphraseKey {
  readonly passphrase: string;
  /**
   * For those who migrate: PBKDF2 with the salt and the 100 000 iterations that the DSP AI platform used, the
   * 32 bytes taken underived as an `A256GCM` key. For access tokens only.
   */
  readonly derivation: 'dsp-ai-platform';
  /** Name of the key in tokens. Default: an opaque one derived from the key. */
  readonly kid?: string;
}

/**
 * @returns 32 bytes.
 * @throws TypeError for a short passphrase, a missing or short salt, or iterations outside the bounds.
 */
export async function deriveFromPassphrase(key: PassphraseKey | LegacyPassphraseKey): Promise<Buffer> {
  const { salt, iterations } = isLegacyPassphrase(key) ? DSP_AI_PLATFORM : resolveParameters(key);
  assertPassphrase(key.passphrase);
  return promisify(pbkdf2)(key.passphrase, salt, iterations, ROOT_SECRET_BYTES, 'sha256');
}

/** @throws TypeError for a derivation that there is not: the caller's salt would count for nothing. */
export function isLegacyPassphrase(key: PassphraseKey | LegacyPassphraseKey): key is LegacyPassphraseKey {
  const derivation: unknown = 'derivation' in key ? key.derivation : undefined;
  if (derivation === undefined || derivation === 'dsp-ai-platform') return derivation !== undefined;
  throw new TypeError('derivation must be dsp-ai-platform, or left out');
}

function resolveParameters({ salt, iterations = DEFAULT_ITERATIONS }: PassphraseKey) {
  if (salt === undefined || Buffer.from(salt).length < MIN_SALT_BYTES) {
    throw new TypeError(`A passphrase needs a salt of at least ${MIN_SALT_BYTES} bytes`);
  }
  assertNumber(iterations, 'passphrase', 'iterations', {
    isInteger: true,
    from: DEFAULT_ITERATIONS,
    to: MAX_ITERATIONS,
  });
  return { salt, iterations };
}

function assertPassphrase(passphrase: string): void {
  if (typeof passphrase !== 'string' || [...passphrase].length < MIN_PASSPHRASE_CHARACTERS) {
    throw new TypeError(`A passphrase must have at least ${MIN_PASSPHRASE_CHARACTERS} characters`);
  }
}
