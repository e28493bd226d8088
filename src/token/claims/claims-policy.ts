import { assertNumber, assertPositiveNumber } from '../../base/options.js';
import { ACCESS_TOKEN_TYP, REFRESH_TOKEN_TYP } from './claims-set.js';

/** What a resource server wants of the claims set. */
export interface ClaimsOptions {
  /**
   * Home issuers, exactly as `iss` has them; the first one issues. Only their tokens can be of our types: list issuers of
   * other parties in `trustedIssuers`. RFC 7519 section 4.1.1.
   */
  readonly issuer: string | readonly string[];
  /** Accepted audiences: one of them must be in `aud`. RFC 7519 section 4.1.3. */
  readonly audience: string | readonly string[];
  /** Leeway in seconds for clocks that differ, 0 to 60. Default 5. RFC 7519 section 4.1.4. */
  readonly clockToleranceSeconds?: number;
  /** Maximum token age in seconds from `iat`. Default: none. RFC 7519 section 4.1.6. */
  readonly maxTokenAgeSeconds?: number;
  /**
   * Maximum lifetime of a token in seconds, `exp - iat`. A token that claims a longer one is rejected, however young it is:
   * nothing needs to be remembered about a token for longer than that. Default 86 400, a day. RFC 7519 section 4.1.4.
   */
  readonly maxTokenLifetimeSeconds?: number;
  /** Claims that must be there beside `iss aud exp iat jti`. Default: none. */
  readonly requiredClaims?: readonly string[];
  /**
   * For tokens of other issuers: the claim that holds the scope, as a string or an array (`scp`, `scopes`,
   * `permissions`). A token whose `scope` differs from it is refused. Default `scope`. RFC 8693 section 4.2.
   */
  readonly scopeClaim?: string;
  /** Accepted `typ`, for tokens of other issuers. Default `at+jwt`. RFC 8725 section 3.11. */
  readonly typ?: string | readonly string[];
}

/** The options, resolved once and frozen. */
export interface ClaimsPolicy {
  readonly issuers: ReadonlySet<string>;
  readonly audiences: ReadonlySet<string>;
  readonly typs: ReadonlySet<string>;
  readonly clockToleranceSeconds: number;
  readonly maxTokenAgeSeconds: number;
  readonly maxTokenLifetimeSeconds: number;
  readonly requiredClaims: readonly string[];
  readonly scopeClaim: string;
  /** For tokens of a trusted issuer: the scope tokens that it may grant. Undefined for those of home issuers. */
  readonly grantableScopes?: ReadonlySet<string>;
}

/** Most that any reader allows, in seconds. */
export const MAX_CLOCK_TOLERANCE_SECONDS = 60;

/** Default of `maxTokenLifetimeSeconds`. */
export const DEFAULT_TOKEN_LIFETIME_SECONDS = 86_400;

/** @throws TypeError for an option that is missing or makes no sense. */
export function resolveClaimsPolicy(options: ClaimsOptions, where = 'token verifier'): ClaimsPolicy {
  const { clockToleranceSeconds = 5, maxTokenAgeSeconds = Number.POSITIVE_INFINITY } = options;
  const maxTokenLifetimeSeconds = resolveTokenLifetime(options.maxTokenLifetimeSeconds, where);
  const { requiredClaims = [], scopeClaim = 'scope', typ = ACCESS_TOKEN_TYP } = options;
  const typs = resolveStrings(typ, 'typ').map(normalizeTyp);
  if (typs.includes(REFRESH_TOKEN_TYP)) throw new TypeError('typ must not accept refresh tokens');
  assertNumber(clockToleranceSeconds, where, 'clockToleranceSeconds', {
    from: 0,
    to: MAX_CLOCK_TOLERANCE_SECONDS,
  });
  if (maxTokenAgeSeconds !== Number.POSITIVE_INFINITY) {
    assertPositiveNumber(maxTokenAgeSeconds, where, 'maxTokenAgeSeconds', 3600);
  }
  if (!Array.isArray(requiredClaims)) throw new TypeError('requiredClaims must be an array of names');
  if (requiredClaims.length > 0) resolveStrings(requiredClaims, 'requiredClaims');
  if (typeof scopeClaim !== 'string' || scopeClaim === '')
    throw new TypeError('scopeClaim must name a claim');
  return Object.freeze({
    issuers: resolveHomeIssuers(options.issuer),
    audiences: new Set(resolveStrings(options.audience, 'audience')),
    typs: new Set(typs),
    clockToleranceSeconds,
    maxTokenAgeSeconds,
    maxTokenLifetimeSeconds,
    requiredClaims: Object.freeze([...requiredClaims]),
    scopeClaim,
  });
}

function resolveHomeIssuers(issuer: string | readonly string[]): ReadonlySet<string> {
  const issuers = resolveStrings(issuer, 'issuer');
  if (new Set(issuers).size < issuers.length) throw new TypeError('issuer lists one home issuer twice');
  return new Set(issuers);
}

/** @throws TypeError unless it is a positive number of seconds. */
export function resolveTokenLifetime(
  seconds: number = DEFAULT_TOKEN_LIFETIME_SECONDS,
  where: string,
): number {
  assertPositiveNumber(seconds, where, 'maxTokenLifetimeSeconds', DEFAULT_TOKEN_LIFETIME_SECONDS);
  return seconds;
}

/** RFC 7515 section 4.1.9: case does not count, and `application/` may be left out. */
export function normalizeTyp(typ: string): string {
  const lower = typ.toLowerCase();
  return lower.startsWith('application/') ? lower.slice('application/'.length) : lower;
}

/** @throws TypeError unless it is a non-empty string or several. */
export function resolveStrings(value: string | readonly string[], name: string): readonly string[] {
  const strings = typeof value === 'string' ? [value] : value;
  const usable = Array.isArray(strings) && strings.length > 0;
  if (!usable || !strings.every((item) => typeof item === 'string' && item !== '')) {
    throw new TypeError(`${name} must be a non-empty string or several of them`);
  }
  return strings;
}
