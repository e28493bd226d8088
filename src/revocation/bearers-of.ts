import type { LineageEntry } from '../token/claims/claims-set.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import { nameOfKid, type RevocationNames } from './revocable.js';

/** What a token and each of its ancestors are revoked by. */
export type Bearer = Omit<LineageEntry, 'client_id'> & Partial<Pick<LineageEntry, 'client_id'>>;

/** The subject of a delegated token is a name of its ancestor's client, and stands there. */
export function bearersOf({ type, claims, header }: VerifiedToken): readonly Bearer[] {
  const { jti, iat, client_id: clientId, sub, session_id: sessionId } = claims;
  const bearer: Bearer = {
    jti,
    iat,
    ...(typeof header['kid'] === 'string' ? { kid: header['kid'] } : {}),
    ...(clientId === undefined ? {} : { client_id: clientId }),
  };
  if (type === 'delegation') return [bearer, ...claims.lineage];
  return [
    {
      ...bearer,
      ...(sub === undefined ? {} : { sub }),
      ...(sessionId === undefined ? {} : { session_id: sessionId }),
    },
  ];
}

/** From the narrow to the wide: what another process folds meanwhile is found under the wider name. */
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
