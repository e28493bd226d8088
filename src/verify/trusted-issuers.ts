import type { Clock } from '../base/clock.js';
import { assertMethod } from '../base/options.js';
import { type ClaimsOptions, type ClaimsPolicy, resolveClaimsPolicy } from '../token/claims/claims-policy.js';
import { assertIssuerKeys } from './assert-issuer-keys.js';
import type { BoundIssuer } from './bound-issuer.js';
import { type ClaimsTerms, type IssuerTerms, issuerTermsOf } from './issuer-terms.js';
import { createTenantLookup, type TenantLookup } from './tenant-lookup.js';
import type { TrustedIssuer } from './trusted-issuer-options.js';

/** The trusted issuers of a verifier. */
export interface TrustedIssuers {
  /** Terms in the order of the option. */
  readonly terms: readonly IssuerTerms[];
  /**
   * Find the issuer for an unauthenticated `iss`.
   *
   * @param owners terms whose keys decrypted the token
   * @throws TemporarilyUnavailableError (or as rejection) if a tenant cannot be looked up
   */
  find(iss: string, owners: readonly IssuerTerms[]): Found | Promise<Found>;
  /** Whether an issuer that was found is still trusted. */
  isCurrent(issuer: BoundIssuer): boolean;
  /** Longest lifetime of a token in seconds. */
  readonly maxTokenLifetimeSeconds: number;
}

type Found = BoundIssuer | undefined;

/** Options of the verifier that trusted issuers inherit. */
export interface InheritedTerms extends ClaimsTerms {
  readonly clock: Clock;
}

/** Maximum time until `signedOnly.until`, in seconds. */
const MAX_SIGNED_ONLY_SECONDS = 180 * 86_400;

/**
 * Validate the option `trustedIssuers`, and derive the rules for each issuer.
 *
 * @param home values of `issuer`, which must not be in the list
 * @param where function that takes the option, for the error messages
 * @throws TypeError if an element is not from `trustedIssuer()`, an issuer is listed twice, or keys conflict
 */
export function resolveTrustedIssuers(
  trusted: readonly TrustedIssuer[],
  { home, inherited }: { readonly home: ReadonlySet<string>; readonly inherited: InheritedTerms },
  where: string,
): TrustedIssuers {
  const terms = readTerms(trusted, where);
  assertDistinct(terms, home, where);
  assertIssuerKeys(terms, where);
  const exact = new Map<string, BoundIssuer>();
  const tenants = new Map<IssuerTerms, TenantLookup>();
  const lifetimes: number[] = [];
  for (const [index, each] of terms.entries()) {
    const place = `${where}: trustedIssuers[${index}]`;
    assertSignedOnly(each, inherited.clock(), place);
    const { issuer } = each;
    const bind = (iss: string) => bindIssuer(each, iss, { inherited, place });
    lifetimes.push(
      resolvePolicy(each, 'https://tenant.example', { inherited, place }).maxTokenLifetimeSeconds,
    );
    if (typeof issuer === 'string') exact.set(issuer, bind(issuer));
    else tenants.set(each, createTenantLookup(issuer, bind, inherited.clock));
  }

  return Object.freeze({
    terms,
    find(iss: string, owners: readonly IssuerTerms[]) {
      const known = exact.get(iss);
      if (known !== undefined) return owners.includes(known.terms) ? known : undefined;
      const lookups = owners.flatMap((owner) => tenants.get(owner) ?? []);
      return home.has(iss) ? undefined : findTenant(iss, lookups);
    },
    isCurrent: (issuer: BoundIssuer) => tenants.get(issuer.terms)?.isCurrent(issuer) ?? true,
    maxTokenLifetimeSeconds: Math.max(0, ...lifetimes),
  });
}

function readTerms(trusted: readonly TrustedIssuer[], where: string): readonly IssuerTerms[] {
  if (!Array.isArray(trusted)) {
    throw new TypeError(
      `${where}: trustedIssuers must be an array, for example [trustedIssuer({ issuer, audience })]`,
    );
  }
  return trusted.map((each, index) => {
    const terms = issuerTermsOf(each);
    if (terms !== undefined) return terms;
    throw new TypeError(
      `${where}: trustedIssuers[${index}] must be from trustedIssuer() or a preset: pass trustedIssuer({ ... })`,
    );
  });
}

function assertDistinct(terms: readonly IssuerTerms[], home: ReadonlySet<string>, where: string): void {
  const seen = new Set<unknown>(home);
  for (const [index, { issuer }] of terms.entries()) {
    if (seen.has(issuer)) {
      throw new TypeError(
        `${where}: trustedIssuers[${index}].issuer is a duplicate or a home issuer: list each issuer once, in issuer or in trustedIssuers`,
      );
    }
    seen.add(issuer);
  }
}

function assertSignedOnly({ signedOnlyUntil }: IssuerTerms, now: number, place: string): void {
  if (signedOnlyUntil > now + MAX_SIGNED_ONLY_SECONDS) {
    throw new TypeError(`${place}: signedOnly.until must be at most 180 days ahead: set an earlier time`);
  }
}

/** What the rules for an issuer require besides its terms. */
interface BindingContext {
  readonly inherited: InheritedTerms;
  /** Function and option, for the error messages. */
  readonly place: string;
}

function resolvePolicy(
  { audiences, typs, scopes, clientClaim, acceptsMissingTyp, claims }: IssuerTerms,
  issuer: string,
  { inherited, place }: BindingContext,
): ClaimsPolicy {
  const { clock: _, ...defaults } = inherited;
  const options: ClaimsOptions = { ...defaults, ...claims, issuer, audience: audiences };
  const external = Object.freeze({ scopes, clientClaim, acceptsMissingTyp });
  return Object.freeze({ ...resolveClaimsPolicy(options, place), typs, external });
}

/** @throws TypeError if the function `verification` returns no keys, because the tokens would not be verified */
function bindIssuer(terms: IssuerTerms, issuer: string, context: BindingContext): BoundIssuer {
  const { verification } = terms;
  const policy = resolvePolicy(terms, issuer, context);
  if (typeof verification !== 'function') return Object.freeze({ issuer, terms, policy, verification });
  const keys = verification(issuer);
  assertMethod(
    keys,
    'find',
    `${context.place}: verification must return VerificationKeys, not a promise: return discoverJwks({ issuer })`,
  );
  return Object.freeze({ issuer, terms, policy, verification: keys });
}

/** Ask the functions in turn. Usually there is one. */
function findTenant(iss: string, [first, ...rest]: readonly TenantLookup[]): Found | Promise<Found> {
  if (first === undefined) return undefined;
  const found = first.find(iss);
  if (found instanceof Promise) return found.then((issuer) => issuer ?? findTenant(iss, rest));
  return found ?? findTenant(iss, rest);
}
