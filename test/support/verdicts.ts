import { InvalidTokenError } from '../../src/base/errors.js';
import type { TokenRejection } from '../../src/base/rejections.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import type { Verification } from '../../src/keys/resolve-verification.js';
import { decryptToken } from '../../src/token/decrypt-token.js';
import { openToken } from '../../src/token/open-token.js';
import { NOW } from './tokens.js';

export type Verdict = 'accepted' | TokenRejection;

/** The verdict of `decryptToken` on a token; any failure but a rejection of the token is thrown on. */
export function verdictOn(token: string, keyRing: KeyRing, now = NOW): Verdict {
  try {
    decryptToken(token, { keyRing: internalsOf(keyRing), maxTokenLength: 8192 }, now);
    return 'accepted';
  } catch (error) {
    if (error instanceof InvalidTokenError) return error.reason;
    throw error;
  }
}

/** The same of `openToken`, which takes keys for every algorithm. Default: there are no verification keys. */
export async function openingVerdictOn(
  token: string,
  keyRing: KeyRing,
  verification: Verification = new Map(),
): Promise<Verdict> {
  try {
    await openToken(token, { keyRing: internalsOf(keyRing), maxTokenLength: 8192, verification }, NOW);
    return 'accepted';
  } catch (error) {
    if (error instanceof InvalidTokenError) return error.reason;
    throw error;
  }
}
