import { internalsOf, type KeyRingInternals } from '../keys/key-ring-internals.js';
import { type ClaimsPolicy, resolveClaimsPolicy } from '../token/claims/claims-policy.js';
import type { TokenVerifierOptions } from './token-verifier-options.js';

/** Keys and claims policy for tokens of home issuers. */
export interface Home {
  readonly keyRing: KeyRingInternals;
  readonly policy: ClaimsPolicy;
}

const NO_KEY = 'a verifier without keyRing accepts only tokens of trusted issuers: pass keyRing';

/** Key ring without keys, for verifiers that accept only tokens of trusted issuers. */
const NO_KEY_RING: KeyRingInternals = Object.freeze({
  prepare: () => undefined,
  encryptionKey: () => {
    throw new TypeError(NO_KEY);
  },
  claimUse: () => undefined,
  decryptionKey: () => undefined,
  hasSecret: () => false,
  recognizeKid: () => undefined,
  nonceKeys: () => [],
  reloadForUnknownKey: async () => false,
  needsSignature: () => false,
});

/** Options that apply only to tokens of home issuers. */
const HOME_OPTIONS = ['issuer', 'audience', 'verification', 'legacy', 'typ'] as const;

/**
 * Validate the options for tokens of home issuers. They may be absent if `trustedIssuers` is set.
 *
 * @param where function that takes the options, for the error messages
 * @throws TypeError if an option is missing or malformed, or `keyRing` is missing but other home options are set
 */
export function resolveHome(options: TokenVerifierOptions<object>, where: string): Home {
  const { keyRing, issuer, audience, trustedIssuers = [] } = options;
  if (keyRing === undefined && trustedIssuers.length > 0) {
    assertNoHomeOptions(options, where);
    const policy = resolveClaimsPolicy({ ...options, issuer: ABSENT, audience: ABSENT }, where);
    const none = { issuers: new Set<string>(), audiences: new Set<string>() };
    return { keyRing: NO_KEY_RING, policy: Object.freeze({ ...policy, ...none }) };
  }
  return {
    keyRing: internalsOf(keyRing, where),
    policy: resolveClaimsPolicy({ ...options, issuer: issuer ?? '', audience: audience ?? '' }, where),
  };
}

/** Placeholder that satisfies the checks of other claims options. */
const ABSENT = 'none';

function assertNoHomeOptions(options: TokenVerifierOptions<object>, where: string): void {
  const present = HOME_OPTIONS.find((name) => options[name] !== undefined);
  if (present === undefined) return;
  throw new TypeError(
    `${where}: ${present} requires keyRing, because it applies only to tokens of home issuers: pass keyRing, or omit ${present}`,
  );
}
