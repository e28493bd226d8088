import type { ApiKeyRule } from '../api-keys/api-key-registry.js';
import type { TokenRouterSettings } from './token-router-options.js';

type Terms = Pick<
  TokenRouterSettings,
  'apiKeys' | 'audience' | 'dpop' | 'keyRing' | 'maxTokenLifetimeSeconds' | 'stores' | 'workloadIssuers'
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
  dpop: proofs,
  keyRing,
  maxTokenLifetimeSeconds,
  stores,
  workloadIssuers,
}: Terms): ApiKeyRule {
  return (apiKeys) =>
    apiKeys.flatMap(({ keyId, serviceAudiences, tokenTtlSeconds, assertions, workloads, dpop }) => [
      ...(dpop === 'required' && proofs === undefined ? [{ keyId, ...NO_PROOFS }] : []),
      ...(serviceAudiences.includes(audience) ? [{ keyId, ...FOR_BOTH }] : []),
      ...(tokenTtlSeconds > keyRing.maxTokenLifetimeSeconds ? [{ keyId, ...OUTLIVES_KEYS }] : []),
      ...(tokenTtlSeconds > maxTokenLifetimeSeconds ? [{ keyId, ...TOO_LONG }] : []),
      ...workloads.flatMap(({ issuer }, index) =>
        workloadIssuers.has(issuer)
          ? []
          : [{ keyId, path: ['workloads', index, 'issuer'], ...UNKNOWN_WORKLOAD_ISSUER }],
      ),
      ...(assertions !== undefined && stores?.counters === undefined
        ? [{ keyId, path: [assertions.keys === undefined ? 'jwks_uri' : 'jwks'], ...NO_STORE_OF_ASSERTIONS }]
        : []),
    ]);
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

/** Without a store, signed assertions could be replayed. */
const NO_STORE_OF_ASSERTIONS = {
  message: 'requires stores.counters of tokenRouter(): set stores to the stores of a driver',
};

/** A misspelt issuer would reject every workload. */
const UNKNOWN_WORKLOAD_ISSUER = {
  message:
    'is not in workloadIssuers of tokenRouter(): correct the spelling, or add the issuer to that option',
};
