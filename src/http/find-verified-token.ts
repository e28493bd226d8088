import type { IncomingMessage } from 'node:http';
import { AccessDeniedError, MissingCredentialsError } from '../base/errors.js';
import type { TokenType } from '../token/claims/claims-set.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import { requestState } from './request-state.js';

/**
 * The token that authentication verified for this request.
 * @param type the kind of token that the handler works with; the result is narrowed to it.
 * @throws MissingCredentialsError (401) where no authentication ran, or it let the request pass as anonymous.
 * @throws AccessDeniedError (403) for a token of another type.
 */
export function verifiedToken(req: IncomingMessage): VerifiedToken;
export function verifiedToken<Type extends TokenType>(req: IncomingMessage, type: Type): VerifiedToken<Type>;
export function verifiedToken(req: IncomingMessage, type?: TokenType): VerifiedToken {
  const token = findVerifiedToken(req);
  if (token === undefined) throw new MissingCredentialsError();
  if (type !== undefined && token.type !== type) throw new AccessDeniedError();
  return token;
}

/** The same for routes that anonymous requests may use (`credentialsRequired: false`): `undefined` for those. */
export function findVerifiedToken(req: IncomingMessage): VerifiedToken | undefined {
  const outcome = requestState.read(req)?.outcome;
  return outcome?.kind === 'verified' ? outcome.token : undefined;
}
