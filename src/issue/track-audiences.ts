import type { ApiKey } from '../api-keys/api-key.js';
import type { ApiKeyRegistry } from '../api-keys/api-key-registry.js';

/** Every audience that the API keys list. */
export function listAudiences({ apiKeys }: Pick<ApiKeyRegistry, 'apiKeys'>): readonly string[] {
  return apiKeys.flatMap(({ audiences, serviceAudiences, delegation }) => [
    ...audiences,
    ...serviceAudiences,
    ...(delegation?.audiences ?? []),
  ]);
}

/**
 * Tracks the audiences of changing API keys. Audiences are only added: tokens for a removed audience are still in use.
 *
 * @param add receives all audiences after each change of the API keys
 * @returns a function that checks for a change
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
