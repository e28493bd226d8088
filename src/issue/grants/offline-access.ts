import type { TokenResponse } from './grant.js';

const OFFLINE_ACCESS = 'offline_access';

/** Parts of a `scope` parameter. */
export interface RequestedScope {
  /** Whether the scope contains `offline_access`, which requests a refresh token. */
  readonly isOffline: boolean;
  /** All other scope tokens. `undefined` if the parameter is missing or contains only `offline_access`. */
  readonly scope: string | undefined;
}

/**
 * Separate `offline_access`, which is not a permission, from the other scope tokens (OpenID Connect Core §11). Ignore
 * surplus spaces.
 */
export function readRequestedScope(parameter: string | undefined): RequestedScope {
  const tokens = (parameter ?? '').split(' ').filter((token) => token !== '');
  const others = tokens.filter((token) => token !== OFFLINE_ACCESS);
  return {
    isOffline: others.length < tokens.length,
    scope: others.length === 0 ? undefined : others.join(' '),
  };
}

/**
 * Add `offline_access` to the scope of a response that contains a refresh token. Clients compare the scope with the
 * requested one (RFC 6749 §5.1). The access token does not contain `offline_access`.
 */
export function echoOfflineAccess(response: TokenResponse): TokenResponse {
  const { scope } = response;
  return { ...response, scope: scope === undefined ? OFFLINE_ACCESS : `${scope} ${OFFLINE_ACCESS}` };
}
