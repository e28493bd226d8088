const OFFLINE_ACCESS = 'offline_access';

/** A `scope` parameter without the flag that asks for a refresh token. */
export interface RequestedScope {
  readonly isOffline: boolean;
  /** None where nothing but the flag was sent. */
  readonly scope: string | undefined;
}

/** The flag is no permission (OpenID Connect Core section 11). */
export function readRequestedScope(parameter: string | undefined): RequestedScope {
  const tokens = parameter?.split(' ') ?? [];
  const others = tokens.filter((token) => token !== OFFLINE_ACCESS);
  if (others.length === tokens.length) return { isOffline: false, scope: parameter };
  return { isOffline: true, scope: others.length === 0 ? undefined : others.join(' ') };
}
