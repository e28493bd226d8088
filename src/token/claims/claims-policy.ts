import { assertNumber, assertPositiveNumber } from '../../base/options.js';
import { ACCESS_TOKEN_TYP, REFRESH_TOKEN_TYP } from './claims-set.js';

/** Options that determine which claims a verifier accepts. */
export interface ClaimsOptions {
  /**
   * Home issuers, compared exactly with `iss`. The first one is the issuer of new tokens. Only home issuers can issue
   * the token types of this package. List issuers of other parties in `trustedIssuers` instead. RFC 7519 §4.1.1.
   */
  readonly issuer: string | readonly string[];
  /** Accepted audiences. `aud` must contain at least one of them. RFC 7519 §4.1.3. */
  readonly audience: string | readonly string[];
  /** Tolerance for clock skew in seconds, from 0 to 60. Default 5. RFC 7519 §4.1.4. */
  readonly clockToleranceSeconds?: number;
  /** Maximum token age in seconds, measured from `iat`. Default: no maximum. RFC 7519 §4.1.6. */
  readonly maxTokenAgeSeconds?: number;
  /**
   * Maximum token lifetime (`exp - iat`) in seconds. Tokens with a longer lifetime are rejected, even if they are new.
   * The maximum also limits how long revocations are stored. Default 86 400 (one day). RFC 7519 §4.1.4.
   */
  readonly maxTokenLifetimeSeconds?: number;
  /** Required claims besides `iss`, `aud`, `exp`, `iat` and `jti`. Default: none. */
  readonly requiredClaims?: readonly string[];
  /**
   * Claim that contains the scope in tokens of other issuers, as a string or an array. Examples: `scp`, `scopes` and
   * `permissions`. A token whose `scope` differs from this claim is rejected. Default `scope`. RFC 8693 §4.2.
   */
  readonly scopeClaim?: string;
  /** Accepted values of `typ`. Set it for issuers that use a different value. Default `at+jwt`. RFC 8725 §3.11. */
  readonly typ?: string | readonly string[];
}

/** Resolved `ClaimsOptions`, frozen. */
export interface ClaimsPolicy {
  readonly issuers: ReadonlySet<string>;
  readonly audiences: ReadonlySet<string>;
  readonly typs: ReadonlySet<string>;
  readonly clockToleranceSeconds: number;
  readonly maxTokenAgeSeconds: number;
  readonly maxTokenLifetimeSeconds: number;
  readonly requiredClaims: readonly string[];
  readonly scopeClaim: string;
  /** Rules for the tokens of a trusted issuer. `undefined` for home issuers. */
  readonly external?: ExternalRules;
}

/** Rules for the claims of a trusted issuer. */
export interface ExternalRules {
  /** Our scope tokens by scope token of the issuer. All other scope tokens are removed. */
  readonly scopes: ReadonlyMap<string, readonly string[]>;
  /** Claim that identifies the client. */
  readonly clientClaim: string;
  /** Whether tokens may lack `typ`. */
  readonly acceptsMissingTyp: boolean;
}

/** Maximum value of `clockToleranceSeconds`. */
export const MAX_CLOCK_TOLERANCE_SECONDS = 60;

/** Default value of `maxTokenLifetimeSeconds`: one day. */
export const DEFAULT_TOKEN_LIFETIME_SECONDS = 86_400;

/**
 * Validate the claims options and apply their defaults.
 *
 * @param where function that takes the options, for the error messages.
 * @throws TypeError for a missing or malformed option.
 */
export function resolveClaimsPolicy(options: ClaimsOptions, where = 'createTokenVerifier'): ClaimsPolicy {
  const { clockToleranceSeconds = 5, maxTokenAgeSeconds = Number.POSITIVE_INFINITY } = options;
  const maxTokenLifetimeSeconds = resolveTokenLifetime(options.maxTokenLifetimeSeconds, where);
  const { requiredClaims = [], scopeClaim = 'scope', typ = ACCESS_TOKEN_TYP } = options;
  const typs = resolveStrings(typ, `${where}: typ`, ACCESS_TOKEN_TYP).map(normalizeTyp);
  if (typs.includes(REFRESH_TOKEN_TYP)) {
    throw new TypeError(
      `${where}: typ must not include ${REFRESH_TOKEN_TYP}, the type of refresh tokens: remove that value`,
    );
  }
  assertNumber(clockToleranceSeconds, where, 'clockToleranceSeconds', {
    from: 0,
    to: MAX_CLOCK_TOLERANCE_SECONDS,
    example: 5,
  });
  if (maxTokenAgeSeconds !== Number.POSITIVE_INFINITY) {
    assertPositiveNumber(maxTokenAgeSeconds, where, 'maxTokenAgeSeconds', 3600);
  }
  if (!Array.isArray(requiredClaims))
    throw new TypeError(`${where}: requiredClaims must be an array of claim names, for example ["sub"]`);
  if (requiredClaims.length > 0) resolveStrings(requiredClaims, `${where}: requiredClaims`, 'sub');
  if (typeof scopeClaim !== 'string' || scopeClaim === '')
    throw new TypeError(`${where}: scopeClaim must be the name of a claim, for example "scp"`);
  return Object.freeze({
    issuers: resolveHomeIssuers(options.issuer, where),
    audiences: new Set(resolveStrings(options.audience, `${where}: audience`, 'https://api.example.com')),
    typs: new Set(typs),
    clockToleranceSeconds,
    maxTokenAgeSeconds,
    maxTokenLifetimeSeconds,
    requiredClaims: Object.freeze([...requiredClaims]),
    scopeClaim,
  });
}

function resolveHomeIssuers(issuer: string | readonly string[], where: string): ReadonlySet<string> {
  const issuers = resolveStrings(issuer, `${where}: issuer`, 'https://auth.example.com');
  if (new Set(issuers).size < issuers.length)
    throw new TypeError(`${where}: issuer contains a duplicate: list each home issuer once`);
  return new Set(issuers);
}

/** Return the maximum token lifetime or its default. @throws TypeError unless the value is a positive number. */
export function resolveTokenLifetime(
  seconds: number = DEFAULT_TOKEN_LIFETIME_SECONDS,
  where: string,
): number {
  assertPositiveNumber(seconds, where, 'maxTokenLifetimeSeconds', DEFAULT_TOKEN_LIFETIME_SECONDS);
  return seconds;
}

/** Normalise a `typ` value: lower case, without the optional prefix `application/` (RFC 7515 §4.1.9). */
export function normalizeTyp(typ: string): string {
  const lower = typ.toLowerCase();
  return lower.startsWith('application/') ? lower.slice('application/'.length) : lower;
}

/**
 * Convert an option that accepts one or several strings to an array.
 *
 * @param name function and option for the error message.
 * @param example valid value for the error message.
 * @throws TypeError unless the value is a non-empty string or a non-empty array of non-empty strings.
 */
export function resolveStrings(
  value: string | readonly string[],
  name: string,
  example: string,
): readonly string[] {
  const strings = typeof value === 'string' ? [value] : value;
  const usable = Array.isArray(strings) && strings.length > 0;
  if (!usable || !strings.every((item) => typeof item === 'string' && item !== '')) {
    throw new TypeError(
      `${name} must be a non-empty string or an array of non-empty strings, for example "${example}"`,
    );
  }
  return strings;
}
