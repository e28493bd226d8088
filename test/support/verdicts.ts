import type { NumericDate } from '../../src/base/clock.js';
import { InvalidTokenError } from '../../src/base/errors.js';
import type { TokenRejection } from '../../src/base/rejections.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import type { Verification } from '../../src/keys/resolve-verification.js';
import { type DecryptedToken, decryptToken } from '../../src/token/decrypt-token.js';
import { NOW } from './tokens.js';

export type Verdict = 'accepted' | TokenRejection;

export interface DecryptionSetting {
  readonly now?: NumericDate;
  /** Default: there are no verification keys. */
  readonly verification?: Verification;
  readonly maxTokenLength?: number;
}

/** Decrypts a token by `decryptToken`, with defaults. */
export function decryptWith(
  keyRing: KeyRing,
  token: string,
  { now = NOW, verification = new Map(), maxTokenLength = 8192 }: DecryptionSetting = {},
): DecryptedToken | Promise<DecryptedToken> {
  return decryptToken(token, { keyRing: internalsOf(keyRing), maxTokenLength, verification }, now);
}

/** The verdict of `decryptToken` on a token. Throws every failure but the rejection of the token. */
export async function verdictOn(
  token: string,
  keyRing: KeyRing,
  setting: DecryptionSetting = {},
): Promise<Verdict> {
  try {
    await decryptWith(keyRing, token, setting);
    return 'accepted';
  } catch (error) {
    if (error instanceof InvalidTokenError) return error.reason;
    throw error;
  }
}
