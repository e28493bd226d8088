import type { ApiKeyRule } from '../api-keys/api-key-registry.js';
import type { TokenRouterSettings } from './token-router-options.js';

type Terms = Pick<TokenRouterSettings, 'apiKeys' | 'audience' | 'keyRing' | 'maxTokenLifetimeSeconds'>;

/**
 * Asserts that the token router can serve every API key, now and after each change of the API key files.
 *
 * @throws TypeError if it cannot serve one of the current API keys
 */
export function requireServableKeys(terms: Terms): void {
  const rule = createRule(terms);
  const [fault] = rule(terms.apiKeys.apiKeys);
  if (fault !== undefined) {
    throw new TypeError(`${fault.path.join('.')} of the API key ${fault.keyId} ${fault.message}`);
  }
  terms.apiKeys.addRule?.(rule);
}

function createRule({ audience, keyRing, maxTokenLifetimeSeconds }: Terms): ApiKeyRule {
  return (apiKeys) =>
    apiKeys.flatMap(({ keyId, serviceAudiences, tokenTtlSeconds }) => [
      ...(serviceAudiences.includes(audience) ? [{ keyId, ...FOR_BOTH }] : []),
      ...(tokenTtlSeconds > keyRing.maxTokenLifetimeSeconds ? [{ keyId, ...OUTLIVES_KEYS }] : []),
      ...(tokenTtlSeconds > maxTokenLifetimeSeconds ? [{ keyId, ...TOO_LONG }] : []),
    ]);
}

/** The audience of the router is for user tokens. `checkAcrossFiles` compares the audiences that API keys list. */
const FOR_BOTH = {
  path: ['service_audiences'],
  message: 'contains the audience of tokenRouter(): no audience can be for both users and services',
};

/** No token outlives its encryption key. */
const OUTLIVES_KEYS = { path: ['token_ttl'], message: 'exceeds maxTokenLifetimeSeconds of the key ring' };

/** Verifiers would reject every token. */
const TOO_LONG = { path: ['token_ttl'], message: 'exceeds maxTokenLifetimeSeconds of tokenRouter()' };
