import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { ROOT_SECRET_BYTES } from './assert-key-bytes.js';

const MIN_PASSPHRASE_CHARACTERS = 16;
const MIN_SALT_BYTES = 16;
const DEFAULT_ITERATIONS = 600_000;
const MAX_ITERATIONS = 10_000_000;

/** Fixed PBKDF2 parameters of the DSP AI platform, for `LegacyPassphraseKey`. */
const DSP_AI_PLATFORM = { salt: 'dsp-ai-platform-salt', iterations: 100_000 } as const;

/** Passphrase from which keys are derived. */
export interface PassphraseKey {
  /** Passphrase of at least 16 characters. PBKDF2-HMAC-SHA-256 runs off the main thread (RFC 8018 §5.2). */
  readonly passphrase: string;
  /**
   * Salt of at least 16 bytes, the same on every instance. Store it with the passphrase: both are needed to derive the
   * key.
   */
  readonly salt: string | Uint8Array;
  /**
   * Number of PBKDF2 iterations, 600 000 to 10 000 000.
   *
   * @default 600_000
   */
  readonly iterations?: number;
}

/** Passphrase of an older stack, from which its key is derived. */
export interface LegacyPassphraseKey {
  /** Secret passphrase. */
  readonly passphrase: string;
  /**
   * Derivation of the DSP AI platform, for migrations: PBKDF2 with a fixed salt and 100 000 iterations. The result is
   * an `A256GCM` key for access tokens only.
   */
  readonly derivation: 'dsp-ai-platform';
  /**
   * Key ID in token headers.
   *
   * @default derived from the key
   */
  readonly kid?: string;
}

/**
 * Derive a key from a passphrase with PBKDF2-HMAC-SHA-256 (RFC 8018 §5.2). Callers add the name of their function to
 * error messages, with `awaitInContext()`.
 *
 * @returns the key, 32 bytes.
 * @throws TypeError (as rejection) if the passphrase or salt is missing or too short, `iterations` is out of range,
 *   or `derivation` is unknown.
 */
export async function deriveFromPassphrase(key: PassphraseKey | LegacyPassphraseKey): Promise<Buffer> {
  const { salt, iterations } = isLegacyPassphrase(key) ? DSP_AI_PLATFORM : resolveParameters(key);
  assertPassphrase(key.passphrase);
  return promisify(pbkdf2)(key.passphrase, salt, iterations, ROOT_SECRET_BYTES, 'sha256');
}

/**
 * Whether a key uses the derivation of the DSP AI platform.
 *
 * @throws TypeError if `derivation` is unknown, because the caller's salt would be ignored.
 */
export function isLegacyPassphrase(key: PassphraseKey | LegacyPassphraseKey): key is LegacyPassphraseKey {
  const derivation: unknown = 'derivation' in key ? key.derivation : undefined;
  if (derivation === undefined || derivation === 'dsp-ai-platform') return derivation !== undefined;
  throw new TypeError('derivation must be "dsp-ai-platform": omit it to use salt and iterations');
}

function resolveParameters({ salt, iterations = DEFAULT_ITERATIONS }: PassphraseKey) {
  if (salt === undefined || Buffer.from(salt).length < MIN_SALT_BYTES) {
    throw new TypeError(
      `salt is required: pass at least ${MIN_SALT_BYTES} bytes, the same on every instance`,
    );
  }
  if (!(Number.isInteger(iterations) && iterations >= DEFAULT_ITERATIONS && iterations <= MAX_ITERATIONS)) {
    throw new TypeError(
      `iterations must be an integer from ${DEFAULT_ITERATIONS} to ${MAX_ITERATIONS}: omit it to use ${DEFAULT_ITERATIONS}`,
    );
  }
  return { salt, iterations };
}

function assertPassphrase(passphrase: string): void {
  if (typeof passphrase !== 'string' || [...passphrase].length < MIN_PASSPHRASE_CHARACTERS) {
    throw new TypeError(
      `passphrase must be a string of at least ${MIN_PASSPHRASE_CHARACTERS} characters: choose a longer one`,
    );
  }
}
