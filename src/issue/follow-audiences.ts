import type { ApiKey } from '../api-keys/api-key.js';
import type { ApiKeyRegistry } from '../api-keys/api-key-registry.js';

/** Every audience that an API key has or had: tokens of an audience that was removed are still in use. */
export type AudienceTracker = () => readonly string[];

/** @returns a function that returns the same array until an API key gets a new audience */
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
 * Creates a part for all audiences, and creates it again when there are more of them.
 *
 * @returns a function that returns the part for the audiences of the moment
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
