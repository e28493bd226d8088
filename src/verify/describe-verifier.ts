import type { ApiKeyStates } from '../api-keys/check-key-states.js';
import { describeKeyRing } from '../keys/describe-key-ring.js';
import { resolveTokenCache } from '../token/token-cache.js';
import { resolveHome } from './resolve-home.js';
import { DEFAULT_MAX_TOKEN_LENGTH } from './resolve-verifier.js';
import type { TokenVerifierOptions } from './token-verifier-options.js';

/** Describe the effective options of a verifier for debug lines, without secrets. */
export function describeVerifier(options: TokenVerifierOptions<object>): object {
  const { issuers, audiences, typs, external: _, ...limits } = resolveHome(options, '').policy;
  const { keyRing, trustedIssuers = [], maxTokenLength = DEFAULT_MAX_TOKEN_LENGTH } = options;
  const { apiKeys, revocations, verification, claimsSchema, legacy } = options;
  return {
    issuer: issuers,
    audience: audiences,
    ...(keyRing === undefined ? {} : describeKeyRing(keyRing)),
    trustedIssuers: trustedIssuers.map(({ issuer }) => (typeof issuer === 'string' ? issuer : 'function')),
    apiKeys: apiKeys === undefined ? 'not checked' : countApiKeys(apiKeys),
    revocations: revocations === undefined ? 'not checked' : 'checked',
    typ: typs,
    ...limits,
    maxTokenLength,
    tokenCache: resolveTokenCache(options.tokenCache) ?? false,
    verification: Object.keys(verification ?? {}),
    claimsSchema: claimsSchema !== undefined,
    ...(legacy === undefined ? {} : { legacy: { issuer: legacy.issuer, until: legacy.until } }),
  };
}

/** A registry lists its API keys; a lookup of the application may not. */
function countApiKeys(apiKeys: ApiKeyStates): number | 'checked' {
  return 'apiKeys' in apiKeys && Array.isArray(apiKeys.apiKeys) ? apiKeys.apiKeys.length : 'checked';
}
