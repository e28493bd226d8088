import { isNumericDate, type NumericDate } from '../base/clock.js';
import { assertOptions, assertString, type KnownOptions } from '../base/options.js';
import type { DirectKey } from '../keys/content-key.js';
import { contentKeyOf, type LegacyKey } from '../keys/create-legacy-key.js';
import type { ClaimsPolicy } from './claims/claims-policy.js';
import { ACCESS_TOKEN_TYP, isTokenType } from './claims/claims-set.js';
import type { LegacyClaims, LegacyTokenType } from './claims/complete-legacy-claims.js';
import type { ProtectedHeader } from './protected-header.js';

/** Which tokens of another stack are accepted, and the defaults for claims that they lack. All options are required. */
export interface LegacyOptions {
  /** The key that encrypts the tokens: `await createLegacyKey(...)`. */
  readonly key: LegacyKey;
  /**
   * Issuer of the tokens. Tokens with another `iss` are rejected. The verifier option `issuer`, which applies to tokens
   * with a `kid`, need not list it. RFC 7519 §4.1.1.
   */
  readonly issuer: string;
  /** Audience of the tokens, one of the accepted audiences. Tokens with another `aud` are rejected. RFC 7519 §4.1.3. */
  readonly audience: string;
  /** Type of tokens without a `type` claim. Use `foreign` if their claims have no known format. */
  readonly type: LegacyTokenType;
  /** Time from which all of these tokens are rejected, even before their `exp`. A NumericDate, in seconds. */
  readonly until: NumericDate;
}

/** The options, resolved once and frozen. */
export interface LegacyPolicy extends LegacyClaims {
  readonly key: DirectKey;
  /** Header of the verified tokens, with the members that their own header lacks. */
  readonly header: ProtectedHeader;
  readonly until: NumericDate;
  /** Claims policy of the verifier, narrowed to the issuer and audience of these tokens. */
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
 * Resolves the option `legacy`.
 *
 * @param claimsPolicy policy of all other tokens.
 * @returns `undefined` without options: no legacy tokens are accepted.
 * @throws TypeError for a missing, unknown or malformed option.
 */
export function resolveLegacyPolicy(
  options: LegacyOptions | undefined,
  claimsPolicy: ClaimsPolicy,
): LegacyPolicy | undefined {
  if (options === undefined) return undefined;
  assertOptions(options, KNOWN, 'legacy');
  const { issuer, audience, type, until } = options;
  const key = contentKeyOf(options.key);
  assertString(issuer, 'token verifier', 'legacy.issuer');
  assertString(audience, 'token verifier', 'legacy.audience');
  if (!claimsPolicy.audiences.has(audience)) {
    throw new TypeError('legacy.audience must be one of the values of the option audience');
  }
  assertType(type);
  if (!isNumericDate(until)) {
    throw new TypeError('legacy.until must be a NumericDate: seconds since 1970, not milliseconds');
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

/** Delegated tokens must name their ancestors, which no other stack does. */
function assertType(type: unknown): asserts type is LegacyTokenType {
  if (!isTokenType(type) || type === 'delegation' || type === 'external') {
    throw new TypeError(
      'legacy.type must be a token type other than delegation and external, for example "foreign"',
    );
  }
}
