import type { ApiKey } from '../api-keys/api-key.js';
import type { ApiKeyRegistry, ApiKeyRule } from '../api-keys/api-key-registry.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { TokenService } from '../token-service.js';

/** What the token router demands of the API keys that it serves. */
export function routerRule(audience: string, { maxTokenLifetimeSeconds }: KeyRing): ApiKeyRule {
  return (apiKeys) =>
    apiKeys.flatMap(({ keyId, serviceAudiences, tokenTtlSeconds }) => [
      ...(serviceAudiences.includes(audience) ? [{ keyId, ...FOR_BOTH }] : []),
      ...(tokenTtlSeconds > maxTokenLifetimeSeconds ? [{ keyId, ...TOO_LONG }] : []),
    ]);
}

/** Keys that list no audience have that of the router, for users; `checkAcrossFiles` sees to those that are listed. */
const FOR_BOTH = {
  path: ['service_audiences'],
  message: 'holds the audience of the token router: no audience is for both',
};

/** No token outlives its key. */
const TOO_LONG = { path: ['token_ttl'], message: 'exceeds maxTokenLifetimeSeconds of the key ring' };

/**
 * Makes the rule hold for the API keys as they are, and for all that ever come into force.
 * @throws TypeError where it does not hold now.
 */
export function enforceRule(apiKeys: ApiKeyRegistry, rule: ApiKeyRule): void {
  const [fault] = rule(apiKeys.apiKeys);
  if (fault !== undefined) {
    throw new TypeError(`${fault.path.join('.')} of the API key ${fault.keyId} ${fault.message}`);
  }
  apiKeys.addRule?.(rule);
}

/**
 * A service for tokens of every audience that the API keys have: they are issued, and may come back to be revoked. An
 * audience that was taken away is kept, since tokens for it are still about.
 * @param create makes the service for so many audiences.
 */
export function followAudiences(
  apiKeys: ApiKeyRegistry,
  audience: string,
  create: (audiences: readonly string[]) => TokenService,
): TokenService {
  const audiences = new Set([audience]);
  let seen: readonly ApiKey[] | undefined;
  let service = create([audience]);

  const current = (): TokenService => {
    if (apiKeys.apiKeys === seen) return service;
    seen = apiKeys.apiKeys;
    const before = audiences.size;
    for (const found of seen.flatMap(audiencesOf)) audiences.add(found);
    if (audiences.size > before) service = create([...audiences]);
    return service;
  };
  current();
  return Object.freeze({
    verify: (token) => current().verify(token),
    issue: (request) => current().issue(request),
  } satisfies TokenService);
}

function audiencesOf({ audiences, serviceAudiences, delegation }: ApiKey): readonly string[] {
  return [...audiences, ...serviceAudiences, ...(delegation?.audiences ?? [])];
}
