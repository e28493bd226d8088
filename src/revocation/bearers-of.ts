import type { LineageEntry } from '../token/claims/claims-set.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import { nameOfKid, type RevocationNames } from './revocable.js';

/** Identities of a token or of an ancestor. Revoking any of them revokes the token. */
export type Bearer = Pick<LineageEntry, 'jti' | 'iat'> & {
  readonly [Identity in 'kid' | 'client_id' | 'sub' | 'session_id']?: LineageEntry[Identity] | undefined;
};

/**
 * Return the identities of a token and of its ancestors. The subject of a delegated token is listed only with the
 * first ancestor, because it belongs to the client of that ancestor.
 */
export function bearersOf({ type, claims, header }: VerifiedToken): readonly Bearer[] {
  const { jti, iat, client_id: clientId, sub, session_id: sessionId } = claims;
  const { kid } = header;
  const isDelegated = type === 'delegation';
  const bearer: Bearer = {
    jti,
    iat,
    kid: typeof kid === 'string' ? kid : undefined,
    client_id: clientId,
    sub: isDelegated ? undefined : sub,
    session_id: isDelegated ? undefined : sessionId,
  };
  return isDelegated ? [bearer, ...claims.lineage] : [bearer];
}

/**
 * List the revocation names of a token or ancestor, narrowest first. If a different process folds an entry during the
 * look-up, a later name in the list matches.
 */
export function namesOf(bearer: Bearer, names: RevocationNames): readonly string[] {
  const { jti, kid, client_id: clientId, sub, session_id: sessionId } = bearer;
  const found = [names.token(jti)];
  if (kid !== undefined) found.push(nameOfKid(kid));
  if (clientId === undefined) return found;
  found.push(names.tokenOf(clientId, jti));
  if (sessionId !== undefined) found.push(names.session(clientId, sessionId));
  if (sessionId !== undefined && sub !== undefined) found.push(names.session(clientId, sessionId, sub));
  if (sub !== undefined) found.push(names.subject(clientId, sub), names.subjectAccess(clientId, sub));
  found.push(names.apiKey(clientId), names.apiKeyAccess(clientId));
  return found;
}
