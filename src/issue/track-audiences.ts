import type { ApiKey } from '../api-keys/api-key.js';
import type { ApiKeyRegistry } from '../api-keys/api-key-registry.js';

/** List the audiences of all API keys, for users, services and delegation. */
export function listAudiences({ apiKeys }: Pick<ApiKeyRegistry, 'apiKeys'>): readonly string[] {
  return apiKeys.flatMap(({ audiences, serviceAudiences, delegation }) => [
    ...audiences,
    ...serviceAudiences,
    ...(delegation?.audiences ?? []),
  ]);
}

/**
 * Track the audiences of the API keys. Audiences are only added, because tokens for a removed audience can still be
 * valid.
 *
 * @param add function that receives all audiences after a change of the API keys
 * @returns a function that checks for a change and calls `add`
 */
export function trackAudiences(
  registry: ApiKeyRegistry,
  add: (audiences: readonly string[]) => void,
): () => void {
  let seen: readonly ApiKey[] | undefined;
  return () => {
    const { apiKeys } = registry;
    if (apiKeys === seen) return;
    add(listAudiences({ apiKeys }));
    seen = apiKeys;
  };
}
