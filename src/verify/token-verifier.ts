import { assertKeysInForce } from '../api-keys/check-key-states.js';
import { debugConfiguration } from '../base/debug-configuration.js';
import { debugLog } from '../base/debug-log.js';
import { debugRejection } from '../base/debug-rejection.js';
import { InvalidTokenError, PassportJweError } from '../base/errors.js';
import { assertOptions } from '../base/options.js';
import { assertNotRevoked } from '../revocation/check-revocation.js';
import type { ClaimsOptions } from '../token/claims/claims-policy.js';
import { assertCustomClaims } from '../token/claims/claims-schema.js';
import type { Sender } from '../token/claims/confirmation.js';
import type { TokenType } from '../token/claims/token-type-names.js';
import { validateClaimsSet } from '../token/claims/validate-claims-set.js';
import type { NoClaims, VerifiedToken } from '../token/claims/verified-token.js';
import { isLegacyToken, openLegacyToken } from '../token/open-legacy-token.js';
import { resolveTokenCache } from '../token/token-cache.js';
import { createTokenOpener, type TokenOpener } from '../token/token-opener.js';
import { assertTokenArgument } from './assert-token-argument.js';
import { describeVerifier } from './describe-verifier.js';
import { createExternalOpener, type ExternalOpener } from './external-opener.js';
import { remedyForOption } from './remedy-for-option.js';
import { acceptAudiences, type ResolvedVerifier, resolveVerifier } from './resolve-verifier.js';
import { type TokenVerifierOptions, VERIFIER_OPTIONS } from './token-verifier-options.js';
import { type ClaimsCheck, verifyAny } from './verify-any.js';

/**
 * Verifies tokens in code without an HTTP request.
 *
 * @typeParam Claims custom claims of the accepted tokens
 */
export interface TokenVerifier<Claims extends object = NoClaims> {
  /**
   * Decrypt and validate a token.
   *
   * @throws InvalidTokenError (as rejection) if the token is rejected
   * @throws TypeError (as rejection) if `token` is not a string
   * @throws TemporarilyUnavailableError (as rejection) if a revocation, a decryption key or a verification key cannot
   *   be looked up
   */
  verify(token: string): Promise<VerifiedToken<TokenType, Claims>>;
}

/**
 * Create a token verifier for workers and other code without a request. For requests without Express, such as WebSocket
 * upgrades, use `createRequestVerifier()`.
 *
 * @typeParam Claims custom claims of the accepted tokens. Inferred from `claimsSchema`.
 * @throws TypeError if an option is missing, unknown or malformed
 * @example
 * const verifier = createTokenVerifier({ keyRing, issuer, audience });
 * const { claims } = await verifier.verify(token);
 */
export function createTokenVerifier<Claims extends object = NoClaims>(
  options: TokenVerifierOptions<Claims>,
): TokenVerifier<Claims>;
export function createTokenVerifier(options: TokenVerifierOptions<object>): TokenVerifier {
  assertOptions(options, VERIFIER_OPTIONS, 'createTokenVerifier', remedyForOption);
  const prepared = prepareVerifier(options, 'createTokenVerifier');
  debugConfiguration('createTokenVerifier', () => describeVerifier(options));
  const verify = debugLog.enabled ? printRejections(prepared.verify) : prepared.verify;
  return Object.freeze({
    async verify(token: string) {
      assertTokenArgument(token);
      return verify(token);
    },
  });
}

function printRejections(verify: PreparedVerifier['verify']): PreparedVerifier['verify'] {
  return async (token) => {
    try {
      return await verify(token);
    } catch (error) {
      if (error instanceof PassportJweError) debugRejection('createTokenVerifier', error);
      throw error;
    }
  };
}

/** Options that can differ between verifiers with the same keys, issuers, audiences and token cache. */
export type AcceptanceRules = Omit<ClaimsOptions, 'issuer' | 'audience'> &
  Pick<TokenVerifierOptions<object>, 'apiKeys' | 'revocations' | 'claimsSchema'>;

/** Verifier that the middleware and the token endpoints use. All methods share one token cache. */
export interface PreparedVerifier {
  /**
   * Decrypt and validate a token, synchronously if possible.
   *
   * @param sender sender of the token. `undefined`: the token must not be bound to a key
   * @throws InvalidTokenError (or as rejection) if the token is rejected
   * @throws TemporarilyUnavailableError (or as rejection) if a key or a revocation cannot be looked up
   */
  verify(token: string, sender?: Sender): VerifiedToken | Promise<VerifiedToken>;
  /**
   * Verify a token and its proof of issuance, for endpoints that act on claims. The holder of an exported access key
   * can encrypt tokens for its audience, but cannot create the proof.
   *
   * @throws InvalidTokenError (as rejection) if the token is rejected or has no valid proof
   * @throws TemporarilyUnavailableError (as rejection) if a key or a revocation cannot be looked up
   */
  verifyProven(token: string, sender?: Sender): Promise<VerifiedToken>;
  /** Return whether an accepted token carries a proof of issuance. */
  isProven(token: string): boolean;
  /**
   * Create a verifier with different rules and the same keys, audiences and token cache. Rules are not inherited: an
   * omitted rule has its default.
   *
   * @throws TypeError if a rule is malformed
   */
  withRules(rules: AcceptanceRules): PreparedVerifier;
  /**
   * Add accepted audiences to this verifier and to all verifiers that share its audiences. Cached tokens remain valid.
   *
   * @throws TypeError if tokens for an audience must be signed, but there are no verification keys. In that case,
   *   no audience is added
   */
  addAudiences(audiences: readonly string[]): void;
}

/**
 * Create a verifier from unvalidated options.
 *
 * @param where function that takes the options, for the error messages
 * @throws TypeError if an option is missing or malformed
 */
export function prepareVerifier(options: TokenVerifierOptions<object>, where: string): PreparedVerifier {
  const audiences = new Set<string>();
  const resolved = resolveVerifier(options, audiences, where);
  const opener = createTokenOpener(resolved, resolveTokenCache(options.tokenCache, where));
  const parts = { resolved, opener, audiences, ...openerOf(resolved, options) };
  return assembleVerifier(withoutRules(options), parts);
}

/** Create the opener of tokens from trusted issuers, if there are any. */
function openerOf(
  { trusted, keyRing, maxTokenLength, where }: ResolvedVerifier,
  { tokenCache }: Pick<TokenVerifierOptions<object>, 'tokenCache'>,
): Pick<Parts, 'external'> {
  if (trusted === undefined) return {};
  const isHomeKey = (kid: string) => keyRing.decryptionKey(kid) !== undefined;
  const options = { trusted, isHomeKey, maxTokenLength };
  return { external: createExternalOpener(options, resolveTokenCache(tokenCache, where)) };
}

type SharedOptions = Omit<TokenVerifierOptions<object>, keyof AcceptanceRules | 'audience'>;

interface Parts {
  readonly resolved: ResolvedVerifier;
  /** Decrypts tokens. Verifiers with different rules share one opener. */
  readonly opener: TokenOpener;
  /** Opens tokens of trusted issuers. Absent if there are none. */
  readonly external?: ExternalOpener;
  /** Accepted audiences. Verifiers with different rules share one set. */
  readonly audiences: Set<string>;
}

function assembleVerifier(shared: SharedOptions, parts: Parts): PreparedVerifier {
  const { resolved, opener, audiences } = parts;
  const { clock, legacy, maxTokenLength } = resolved;
  const accept = createAcceptance(resolved);

  const verifyHome: PreparedVerifier['verify'] = (token, sender) => {
    const now = clock();
    if (legacy !== undefined && isLegacyToken(token)) {
      return accept(
        openLegacyToken(token, { legacy, maxTokenLength }, now),
        now,
        sender,
        legacy.claimsPolicy,
      );
    }
    const opened = opener.open(token, now);
    // Read the clock again, because the token can expire during asynchronous decryption.
    return opened instanceof Promise
      ? opened.then((authentic) => accept(authentic, clock(), sender))
      : accept(opened, now, sender);
  };

  return {
    verify:
      parts.external === undefined
        ? verifyHome
        : verifyAny(parts.external, verifyHome, { accept, ...resolved }),

    async verifyProven(token, sender) {
      if (legacy !== undefined && isLegacyToken(token)) throw new InvalidTokenError('unprovable');
      // The signature of a trusted issuer does not prove that a home issuer issued the token.
      if (parts.external?.isFor(token) === true) throw new InvalidTokenError('unprovable');
      return accept(await opener.openProven(token, clock()), clock(), sender);
    },

    isProven: (token) =>
      parts.external?.isFor(token) === true
        ? parts.external.isSigned(token)
        : opener.isProven(token, clock()),

    withRules(rules) {
      const changed = { ...shared, ...rules, audience: [...audiences] };
      const changedTo = resolveVerifier(changed, audiences, resolved.where);
      return assembleVerifier(shared, { ...parts, ...openerOf(changedTo, shared), resolved: changedTo });
    },

    addAudiences: (added) => acceptAudiences(added, audiences, resolved),
  };
}

/** Create the checks that follow decryption: claims, API keys, custom claims, and last revocations. */
function createAcceptance(resolved: ResolvedVerifier): ClaimsCheck {
  const { claimsPolicy, apiKeys, claimsSchema, revocations } = resolved;

  return (token, now, sender, policy = claimsPolicy) => {
    const verified = validateClaimsSet(token, policy, now, sender);
    if (apiKeys !== undefined) assertKeysInForce(verified, apiKeys, now);
    const unread = claimsSchema === undefined ? undefined : assertCustomClaims(verified.claims, claimsSchema);
    const check = () => (revocations === undefined ? undefined : assertNotRevoked(verified, revocations));
    const pending = unread === undefined ? check() : unread.then(check);
    return pending === undefined ? verified : pending.then(() => verified);
  };
}

function withoutRules(options: TokenVerifierOptions<object>): SharedOptions {
  const { audience, requiredClaims, scopeClaim, typ, apiKeys, revocations, claimsSchema, ...others } =
    options;
  const { clockToleranceSeconds, maxTokenAgeSeconds, maxTokenLifetimeSeconds, ...shared } = others;
  return shared;
}
