import type { IncomingMessage } from 'node:http';
import { AccessDeniedError } from '../base/errors.js';
import { verifiedToken } from '../http/find-verified-token.js';
import { API_KEY_TYPES, type ApiKeyType } from '../token/claims/token-type-names.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import type { CurrentSession, SessionOwner } from './session.js';

/** Owner of the sessions that a request can list and end. */
export interface IdentifiedOwner {
  readonly owner: SessionOwner;
  /** `client_id` claim of the token. */
  readonly requestedBy: string;
  /** Session of the token, or `undefined` if the token has none. */
  readonly current: CurrentSession | undefined;
}

/**
 * Identify the owner of the sessions from the verified token of a request.
 *
 * @param keyScope scope that gives a token of the API key itself the sessions of all users of the key
 * @throws AccessDeniedError for a token that was issued neither for a user nor for an API key
 */
export function identifyOwner(req: IncomingMessage, keyScope: string | undefined): IdentifiedOwner {
  const token = verifiedToken(req);
  assertOfOwner(token);
  const { client_id: clientId, sub: subject, session_id: sessionId } = token.claims;
  const isOfWholeKey = keyScope !== undefined && subject === clientId && token.hasScope(keyScope);
  return {
    owner: isOfWholeKey ? { clientId } : { clientId, subject },
    requestedBy: clientId,
    current: sessionId === undefined ? undefined : { subject, sessionId },
  };
}

/** Only tokens of users and of API keys have sessions. */
function assertOfOwner(token: VerifiedToken): asserts token is VerifiedToken<'user' | ApiKeyType> {
  if (token.type !== 'user' && !API_KEY_TYPES.some((type) => type === token.type)) {
    throw new AccessDeniedError();
  }
}
