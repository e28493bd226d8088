import type { ApiKeyRule } from '../api-keys/api-key-registry.js';
import type { TokenRouterSettings } from './token-router-options.js';

type Terms = Pick<TokenRouterSettings, 'apiKeys' | 'audience' | 'keyRing' | 'maxTokenLifetimeSeconds'>;

/**
 * Requires of every API key, now and after each change of its file, that the token router can serve it.
 *
 * @throws TypeError if it cannot serve one of the present API keys
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

/** The audience of the router is for users. `checkAcrossFiles` compares the audiences that API keys list. */
const FOR_BOTH = {
  path: ['service_audiences'],
  message: 'holds the audience of the token router: no audience is for both',
};

/** No token outlives its key. */
const OUTLIVES_KEYS = { path: ['token_ttl'], message: 'exceeds maxTokenLifetimeSeconds of the key ring' };

/** Verifiers would reject every token. */
const TOO_LONG = { path: ['token_ttl'], message: 'exceeds maxTokenLifetimeSeconds of the token router' };
