const OFFLINE_ACCESS = 'offline_access';

/** Parts of a `scope` parameter. */
export interface RequestedScope {
  /** Whether the scope contains `offline_access`, which requests a refresh token. */
  readonly isOffline: boolean;
  /** All other scope tokens. `undefined` if the parameter is missing or contains only `offline_access`. */
  readonly scope: string | undefined;
}

/** Separate `offline_access`, which is not a permission, from the other scope tokens (OpenID Connect Core §11). */
export function readRequestedScope(parameter: string | undefined): RequestedScope {
  const tokens = parameter?.split(' ') ?? [];
  const others = tokens.filter((token) => token !== OFFLINE_ACCESS);
  if (others.length === tokens.length) return { isOffline: false, scope: parameter };
  return { isOffline: true, scope: others.length === 0 ? undefined : others.join(' ') };
}
