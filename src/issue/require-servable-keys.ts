import type { ApiKey } from '../api-keys/api-key.js';
import type { ApiKeyFault, ApiKeyRule } from '../api-keys/api-key-registry.js';
import { type CertificateSource, verifiesCertificates } from '../http/mutual-tls-options.js';
import type { TokenRouterSettings } from './token-router-options.js';

type Terms = Pick<
  TokenRouterSettings,
  | 'apiKeys'
  | 'audience'
  | 'certificateSource'
  | 'directories'
  | 'dpop'
  | 'keyRing'
  | 'maxTokenLifetimeSeconds'
  | 'stores'
  | 'workloadIssuers'
>;

/**
 * Assert that the token router can serve every API key. The same check then applies to every change of the API key
 * files.
 *
 * @throws TypeError if the router cannot serve a current API key
 */
export function requireServableKeys(terms: Terms): void {
  const rule = createRule(terms);
  const [fault] = rule(terms.apiKeys.apiKeys);
  if (fault !== undefined) {
    throw new TypeError(
      `tokenRouter: ${fault.path.join('.')} of the API key ${fault.keyId} ${fault.message}`,
    );
  }
  terms.apiKeys.addRule?.(rule);
}

function createRule({
  audience,
  certificateSource,
  directories,
  dpop: proofs,
  keyRing,
  maxTokenLifetimeSeconds,
  stores,
  workloadIssuers,
}: Terms): ApiKeyRule {
  return (apiKeys) =>
    apiKeys.flatMap((apiKey): readonly ApiKeyFault[] => {
      const { keyId, serviceAudiences, tokenTtlSeconds, assertions, workloads, dpop, users } = apiKey;
      return [
        ...findCertificateFaults(apiKey, certificateSource),
        ...(dpop === 'required' && proofs === undefined ? [{ keyId, ...NO_PROOFS }] : []),
        ...(serviceAudiences.includes(audience) ? [{ keyId, ...FOR_BOTH }] : []),
        ...(tokenTtlSeconds > keyRing.maxTokenLifetimeSeconds ? [{ keyId, ...OUTLIVES_KEYS }] : []),
        ...(tokenTtlSeconds > maxTokenLifetimeSeconds ? [{ keyId, ...TOO_LONG }] : []),
        ...(typeof users === 'object' && !directories.has(users.directory)
          ? [{ keyId, ...UNKNOWN_DIRECTORY }]
          : []),
        ...workloads.flatMap(({ issuer }, index) =>
          workloadIssuers.has(issuer)
            ? []
            : [{ keyId, path: ['workloads', index, 'issuer'], ...UNKNOWN_WORKLOAD_ISSUER }],
        ),
        ...(assertions !== undefined && stores?.counters === undefined
          ? [
              {
                keyId,
                path: [assertions.keys === undefined ? 'jwks_uri' : 'jwks'],
                ...NO_STORE_OF_ASSERTIONS,
              },
            ]
          : []),
      ];
    });
}

/** Find fields that rely on client certificates, but for which the router has no reliable source of certificates. */
function findCertificateFaults(
  { keyId, certificates, certificateBoundTokens }: ApiKey,
  source: CertificateSource | undefined,
): readonly ApiKeyFault[] {
  const fields = [
    ...(certificates === undefined ? [] : [certificates.method]),
    ...(certificateBoundTokens === true ? ['tls_client_certificate_bound_access_tokens'] : []),
  ];
  if (source === undefined) return fields.map((field) => ({ keyId, path: [field], ...NO_CERTIFICATES }));
  const isUnverified = certificates?.method === 'tls_client_auth' && !verifiesCertificates(source);
  return isUnverified ? [{ keyId, path: ['tls_client_auth'], ...UNVERIFIED_CERTIFICATES }] : [];
}

/** The audience of the router is for user tokens. `checkAcrossFiles` compares the audiences of the API keys. */
const FOR_BOTH = {
  path: ['service_audiences'],
  message:
    'contains the audience of tokenRouter(): remove this audience, since no audience can be for both users and services',
};

/** Tokens must not outlive their encryption key. */
const OUTLIVES_KEYS = {
  path: ['token_ttl'],
  message: 'exceeds maxTokenLifetimeSeconds of the key ring: lower token_ttl',
};

/** Verifiers would reject every token of the API key. */
const TOO_LONG = {
  path: ['token_ttl'],
  message: 'exceeds maxTokenLifetimeSeconds of tokenRouter(): lower token_ttl',
};

/** Without the option, the router ignores proofs, and issues bearer tokens. */
const NO_PROOFS = {
  path: ['dpop'],
  message: 'is required, but tokenRouter() ignores proofs: set the option dpop of tokenRouter()',
};

/** Without the option, the router reads no certificates. */
const NO_CERTIFICATES = {
  message: 'requires mutualTls of tokenRouter(): set the source of the client certificates',
};

/** The subject of a certificate that no authority has verified is worthless. */
const UNVERIFIED_CERTIFICATES = {
  message:
    'requires verified: true in mutualTls of tokenRouter(): set it if the proxy rejects certificates without a trusted issuer',
};

/** Without a store, signed assertions could be replayed. */
const NO_STORE_OF_ASSERTIONS = {
  message: 'requires stores.counters of tokenRouter(): set stores to the stores of a driver',
};

/** A misspelt issuer would reject every workload. */
const UNKNOWN_WORKLOAD_ISSUER = {
  message:
    'is not in workloadIssuers of tokenRouter(): correct the spelling, or add the issuer to that option',
};

/** A misspelt directory would reject every user. */
const UNKNOWN_DIRECTORY = {
  path: ['users', 'directory'],
  message:
    'is not in directories of tokenRouter(): correct the spelling, or add the directory to that option',
};
