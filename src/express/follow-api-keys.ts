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

/** Every audience that the API keys have, or had: tokens for one that was taken away are still about. */
export type AudienceTracker = () => readonly string[];

/** @returns what yields the same list as before unless there are more of them. */
export function trackAudiences(apiKeys: ApiKeyRegistry, audience: string): AudienceTracker {
  const found = new Set([audience]);
  let seen: readonly ApiKey[] | undefined;
  let audiences: readonly string[] = [audience];
  return () => {
    if (apiKeys.apiKeys === seen) return audiences;
    seen = apiKeys.apiKeys;
    for (const one of seen.flatMap(audiencesOf)) found.add(one);
    if (found.size > audiences.length) audiences = Object.freeze([...found]);
    return audiences;
  };
}

/**
 * A service for tokens of all these audiences: they are issued, and may come back to be revoked.
 * @param create makes the service for so many audiences.
 */
export function followAudiences(
  track: AudienceTracker,
  create: (audiences: readonly string[]) => TokenService,
): TokenService {
  let audiences = track();
  let service = create(audiences);

  const current = (): TokenService => {
    const tracked = track();
    if (tracked !== audiences) service = create(tracked);
    audiences = tracked;
    return service;
  };
  return Object.freeze({
    verify: (token) => current().verify(token),
    issue: (request) => current().issue(request),
  } satisfies TokenService);
}

function audiencesOf({ audiences, serviceAudiences, delegation }: ApiKey): readonly string[] {
  return [...audiences, ...serviceAudiences, ...(delegation?.audiences ?? [])];
}
