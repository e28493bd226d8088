import type { SurplusScopes } from '../../api-keys/api-key.js';
import type { GrantContext } from './grant.js';

/** Return the treatment of surplus scope tokens: of the API key, or else of the token router (RFC 6749 §3.3). */
export function surplusPolicy({
  apiKey,
  surplusScopes = 'reject',
}: Pick<GrantContext, 'apiKey' | 'surplusScopes'>): SurplusScopes {
  return apiKey.surplusScopes ?? surplusScopes;
}
