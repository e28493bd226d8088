import { isNumericDate, type NumericDate } from '../base/clock.js';
import { assertOptions, assertString, type KnownOptions } from '../base/options.js';
import type { DirectKey } from '../keys/content-key.js';
import { contentKeyOf, type LegacyKey } from '../keys/create-legacy-key.js';
import type { ClaimsPolicy } from './claims/claims-policy.js';
import { ACCESS_TOKEN_TYP } from './claims/claims-set.js';
import type { LegacyClaims, LegacyTokenType } from './claims/complete-legacy-claims.js';
import { isTokenType } from './claims/token-type-names.js';
import type { ProtectedHeader } from './protected-header.js';

/** Options for accepting tokens from another stack, with defaults for missing claims. All options are required. */
export interface LegacyOptions {
  /** Key that encrypts the tokens, from `await createLegacyKey(...)`. */
  readonly key: LegacyKey;
  /**
   * Issuer of the tokens. Tokens with a different `iss` are rejected. The verifier option `issuer` applies only to
   * tokens with a `kid`, so it need not list this issuer. RFC 7519 §4.1.1.
   */
  readonly issuer: string;
  /** Audience of the tokens, also listed in `audience`. Tokens with a different `aud` are rejected. RFC 7519 §4.1.3. */
  readonly audience: string;
  /** Token type for tokens without a `type` claim. Use `foreign` for claims in an unknown format. */
  readonly type: LegacyTokenType;
  /** Time from which all legacy tokens are rejected, even if `exp` is later. A NumericDate, in seconds. */
  readonly until: NumericDate;
}

/** Resolved `LegacyOptions`, frozen. */
export interface LegacyPolicy extends LegacyClaims {
  readonly key: DirectKey;
  /** Protected header of verified legacy tokens, including members that the received header lacks. */
  readonly header: ProtectedHeader;
  readonly until: NumericDate;
  /** Claims policy for legacy tokens: the policy of the verifier, with the issuer and audience of these options. */
  readonly claimsPolicy: ClaimsPolicy;
}

const KNOWN: KnownOptions<LegacyOptions> = {
  key: true,
  issuer: true,
  audience: true,
  type: true,
  until: true,
};

/**
 * Validate the option `legacy` and derive a policy from it.
 *
 * @param claimsPolicy policy for all other tokens.
 * @param where function that takes the option, for the error messages.
 * @returns the policy, or `undefined` to reject legacy tokens if the option is absent.
 * @throws TypeError for a missing, unknown or malformed option.
 */
export function resolveLegacyPolicy(
  options: LegacyOptions | undefined,
  claimsPolicy: ClaimsPolicy,
  where = 'createTokenVerifier',
): LegacyPolicy | undefined {
  if (options === undefined) return undefined;
  assertOptions(options, KNOWN, `${where}: legacy`);
  const { issuer, audience, type, until } = options;
  const key = contentKeyOf(options.key, where);
  assertString(issuer, where, 'legacy.issuer', 'dsp-ai-platform');
  assertString(audience, where, 'legacy.audience', 'https://api.example.com');
  if (!claimsPolicy.audiences.has(audience)) {
    throw new TypeError(
      `${where}: legacy.audience must be an accepted audience: add it to the option audience`,
    );
  }
  assertType(type, where);
  if (!isNumericDate(until)) {
    throw new TypeError(
      `${where}: legacy.until must be a NumericDate in seconds, not milliseconds, for example 1798761600`,
    );
  }
  return Object.freeze({
    key,
    header: Object.freeze({ alg: key.alg, enc: key.enc, kid: key.kid, typ: ACCESS_TOKEN_TYP }),
    issuer,
    audience,
    type,
    until: Math.min(until, key.notAfter ?? until),
    claimsPolicy: Object.freeze({
      ...claimsPolicy,
      issuers: new Set([issuer]),
      audiences: new Set([audience]),
      typs: new Set([ACCESS_TOKEN_TYP]),
      // Most of these tokens have no `iat`. `until` limits their lifetime instead.
      maxTokenLifetimeSeconds: Number.POSITIVE_INFINITY,
    }),
  });
}

/** Reject `delegation`, because tokens from other stacks do not list their ancestors. */
function assertType(type: unknown, where: string): asserts type is LegacyTokenType {
  if (!isTokenType(type) || type === 'delegation' || type === 'external') {
    throw new TypeError(
      `${where}: legacy.type must be a token type other than delegation and external, for example "foreign"`,
    );
  }
}
