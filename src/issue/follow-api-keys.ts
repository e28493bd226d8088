import type { ApiKey } from '../api-keys/api-key.js';
import type { ApiKeyRegistry, ApiKeyRule } from '../api-keys/api-key-registry.js';
import type { KeyRing } from '../keys/key-ring.js';

export interface RouterTerms {
  /** Audience of the keys that list none. */
  readonly audience: string;
  readonly keyRing: KeyRing;
  /** Longest lifetime that readers accept. */
  readonly maxTokenLifetimeSeconds: number;
}

/** What the token router demands of the API keys that it serves. */
export function routerRule({ audience, keyRing, maxTokenLifetimeSeconds }: RouterTerms): ApiKeyRule {
  return (apiKeys) =>
    apiKeys.flatMap(({ keyId, serviceAudiences, tokenTtlSeconds }) => [
      ...(serviceAudiences.includes(audience) ? [{ keyId, ...FOR_BOTH }] : []),
      ...(tokenTtlSeconds > keyRing.maxTokenLifetimeSeconds ? [{ keyId, ...OUTLIVES_KEYS }] : []),
      ...(tokenTtlSeconds > maxTokenLifetimeSeconds ? [{ keyId, ...TOO_LONG }] : []),
    ]);
}

/** Keys that list no audience have that of the router, for users; `checkAcrossFiles` sees to those that are listed. */
const FOR_BOTH = {
  path: ['service_audiences'],
  message: 'holds the audience of the token router: no audience is for both',
};

/** No token outlives its key. */
const OUTLIVES_KEYS = { path: ['token_ttl'], message: 'exceeds maxTokenLifetimeSeconds of the key ring' };

/** Its readers would reject every token. */
const TOO_LONG = { path: ['token_ttl'], message: 'exceeds maxTokenLifetimeSeconds of the token router' };

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
 * What issues or verifies tokens of all these audiences: created again whenever there are more of them.
 * @param create makes it for so many audiences.
 * @returns what yields the present one.
 */
export function followAudiences<Part>(
  track: AudienceTracker,
  create: (audiences: readonly string[]) => Part,
): () => Part {
  let audiences = track();
  let part = create(audiences);

  return () => {
    const tracked = track();
    if (tracked !== audiences) part = create(tracked);
    audiences = tracked;
    return part;
  };
}

function audiencesOf({ audiences, serviceAudiences, delegation }: ApiKey): readonly string[] {
  return [...audiences, ...serviceAudiences, ...(delegation?.audiences ?? [])];
}
