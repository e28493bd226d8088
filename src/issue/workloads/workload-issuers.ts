import { isTrustDomain } from '../../api-keys/is-trust-domain.js';
import { isWorkloadIssuer } from '../../api-keys/is-workload-issuer.js';
import { assertMethod, assertNumber, assertOptions, type KnownOptions } from '../../base/options.js';
import type { VerificationKeys } from '../../keys/verification-keys.js';

/** Issuer of workload identities, for the option `workloadIssuers` of `tokenRouter()`. */
export interface WorkloadIssuer {
  /**
   * Exact value of `iss` in the JWTs: an `https:` URL. For JWT-SVIDs without `iss`, a SPIFFE trust domain such as
   * `spiffe://acme.example`, which is compared with `sub`.
   */
  readonly issuer: string;
  /** Keys that verify the JWTs: `discoverJwks(...)`, `remoteJwks(...)` or `await createVerificationKeys(...)`. */
  readonly verification: VerificationKeys;
  /**
   * Maximum lifetime (`exp - iat`) of the JWTs in seconds, at most 604 800 (7 days). Longer JWTs are rejected.
   *
   * @default 86_400 (one day)
   */
  readonly maxLifetimeSeconds?: number;
}

const KNOWN: KnownOptions<WorkloadIssuer> = { issuer: true, verification: true, maxLifetimeSeconds: true };

const DEFAULT_LIFETIME_SECONDS = 86_400;
const MAX_LIFETIME_SECONDS = 604_800;

/** A workload issuer with its defaults applied. */
export type ResolvedWorkloadIssuer = Required<WorkloadIssuer>;

/** Workload issuers by name. */
export type WorkloadIssuers = ReadonlyMap<string, ResolvedWorkloadIssuer>;

/**
 * Validate the option `workloadIssuers`, and apply the defaults.
 *
 * @param home issuer of the router, which cannot be a workload issuer
 * @throws TypeError if an option is missing, unknown or malformed, or an issuer is a duplicate or the router itself
 */
export function resolveWorkloadIssuers(issuers: readonly WorkloadIssuer[], home: string): WorkloadIssuers {
  if (!Array.isArray(issuers)) {
    throw new TypeError(
      'tokenRouter: workloadIssuers must be an array, for example [{ issuer, verification: discoverJwks({ issuer }) }]',
    );
  }
  const resolved = new Map<string, ResolvedWorkloadIssuer>();
  for (const [index, each] of issuers.entries()) {
    assertOptions(each, KNOWN, `tokenRouter: workloadIssuers[${index}]`);
    const place = `workloadIssuers[${index}]`;
    if (resolved.has(each.issuer) || each.issuer === home) {
      throw new TypeError(
        `tokenRouter: ${place}.issuer is a duplicate or the issuer of the router: list each workload issuer once`,
      );
    }
    resolved.set(each.issuer, resolveIssuer(each, place));
  }
  return resolved;
}

function resolveIssuer(
  { issuer, verification, maxLifetimeSeconds = DEFAULT_LIFETIME_SECONDS }: WorkloadIssuer,
  place: string,
): ResolvedWorkloadIssuer {
  if (!isWorkloadIssuer(issuer)) {
    throw new TypeError(
      `tokenRouter: ${place}.issuer must be the iss of the JWTs as an https URL (http on loopback only), or a trust domain such as "spiffe://acme.example"`,
    );
  }
  assertMethod(
    verification,
    'find',
    `tokenRouter: ${place}.verification must be VerificationKeys: pass discoverJwks(...), remoteJwks(...) or await createVerificationKeys(...)`,
  );
  assertNumber(maxLifetimeSeconds, 'tokenRouter', `${place}.maxLifetimeSeconds`, {
    isInteger: true,
    from: 1,
    to: MAX_LIFETIME_SECONDS,
    example: DEFAULT_LIFETIME_SECONDS,
  });
  return Object.freeze({ issuer, verification, maxLifetimeSeconds });
}

/**
 * Find the issuer of unverified claims. Without `iss`, the trust domain of the SPIFFE ID in `sub` names the issuer. A
 * trust domain is never the issuer of other subjects.
 */
export function findWorkloadIssuer(
  issuers: WorkloadIssuers,
  { iss, sub }: { readonly iss?: unknown; readonly sub?: unknown },
): ResolvedWorkloadIssuer | undefined {
  const name = iss === undefined ? trustDomainOf(sub) : iss;
  if (typeof name !== 'string') return undefined;
  return isTrustDomain(name) && trustDomainOf(sub) !== name ? undefined : issuers.get(name);
}

function trustDomainOf(sub: unknown): string | undefined {
  const [trustDomain] = (typeof sub === 'string' && /^spiffe:\/\/[^/]+(?=\/)/.exec(sub)) || [];
  return trustDomain;
}
