import { isNumericDate, type NumericDate } from '../base/clock.js';
import { assertOptions, assertString, type KnownOptions } from '../base/options.js';
import type { DirectKey } from '../keys/content-key.js';
import { contentKeyOf, type LegacyKey } from '../keys/create-legacy-key.js';
import type { ClaimsPolicy } from './claims/claims-policy.js';
import { ACCESS_TOKEN_TYP, isTokenType } from './claims/claims-set.js';
import type { LegacyClaims, LegacyTokenType } from './claims/complete-legacy-claims.js';
import type { ProtectedHeader } from './protected-header.js';

/** Which tokens of another stack are read, and what is supplied to them where they lack it. All are mandatory. */
export interface LegacyOptions {
  /** The one key that they are encrypted under: `await createLegacyKey(...)`. */
  readonly key: LegacyKey;
  /**
   * Their `iss`; one that says another is refused. It need not be among the accepted ones, which are those of tokens
   * with a `kid`. RFC 7519 section 4.1.1.
   */
  readonly issuer: string;
  /** Their `aud`, one of the accepted ones; one that is not for it is refused. RFC 7519 section 4.1.3. */
  readonly audience: string;
  /** Kind of those that say none; `foreign` for tokens that promise nothing. */
  readonly type: LegacyTokenType;
  /** NumericDate from which on none of them is read, whatever their `exp` says. */
  readonly until: NumericDate;
}

/** The options, resolved once and frozen. */
export interface LegacyPolicy extends LegacyClaims {
  readonly key: DirectKey;
  /** As if the tokens had said what they lack. */
  readonly header: ProtectedHeader;
  readonly until: NumericDate;
  /** That of all tokens, narrowed to their issuer and audience. */
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
 * @param claimsPolicy of all other tokens.
 * @returns `undefined` where there are no options: nothing legacy is read.
 * @throws TypeError for an option that is missing or makes no sense.
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
  if (!claimsPolicy.audiences.has(audience)) throw new TypeError('legacy.audience must be one of audience');
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
      // Most of them do not say when they were issued; `until` bounds them all.
      maxTokenLifetimeSeconds: Number.POSITIVE_INFINITY,
    }),
  });
}

/** A delegated token would have to name its ancestors, which no other stack does. */
function assertType(type: unknown): asserts type is LegacyTokenType {
  if (!isTokenType(type) || type === 'delegation' || type === 'external') {
    throw new TypeError('legacy.type must be a type of token other than delegation, external and refresh');
  }
}
