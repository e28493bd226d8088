import type { IncomingMessage } from 'node:http';
import { AccessDeniedError, MissingCredentialsError } from '../base/errors.js';
import type { TokenType } from '../token/claims/token-type-names.js';
import type { NoClaims, VerifiedToken } from '../token/claims/verified-token.js';
import { withChallenge } from './answer-failure.js';
import { requestState } from './request-state.js';

/**
 * Return the verified token of a request. A token type as the second argument is required, and narrows the type of the
 * result.
 *
 * @typeParam Claims custom claims of the application. Give `authenticate()` a `claimsSchema` that checks them.
 * @throws MissingCredentialsError (401) if no authentication ran, or the request is anonymous
 * @throws PassportJweError with which the authentication rejected the token, for example after a Passport callback
 * @throws AccessDeniedError (403) if the token has a different type
 * @example
 * app.get('/models', authenticate(options), (req, res) => {
 *   res.json(verifiedToken(req, 'tiered_model_exec').claims.allowed_models);
 * });
 */
export function verifiedToken<Claims extends object = NoClaims>(
  req: IncomingMessage,
): VerifiedToken<TokenType, Claims>;
export function verifiedToken<Type extends TokenType>(req: IncomingMessage, type: Type): VerifiedToken<Type>;
export function verifiedToken<Claims extends object>(
  req: IncomingMessage,
  type: 'user',
): VerifiedToken<'user', Claims>;
export function verifiedToken(req: IncomingMessage, type?: TokenType): VerifiedToken {
  const outcome = requestState.read(req)?.outcome;
  if (outcome?.kind === 'refused') throw withChallenge(req, outcome.error);
  if (outcome?.kind !== 'verified') throw withChallenge(req, new MissingCredentialsError());
  const { token } = outcome;
  if (type !== undefined && token.type !== type) throw withChallenge(req, new AccessDeniedError());
  return token;
}

/**
 * Return the verified token of a request, for routes that accept anonymous requests (`credentialsRequired: false`).
 *
 * @returns `undefined` if the request has no verified token
 * @example
 * app.get('/news', authenticate({ ...options, credentialsRequired: false }), (req, res) => {
 *   res.json({ reader: findVerifiedToken(req)?.claims.sub ?? 'anonymous' });
 * });
 */
export function findVerifiedToken<Claims extends object = NoClaims>(
  req: IncomingMessage,
): VerifiedToken<TokenType, Claims> | undefined;
export function findVerifiedToken(req: IncomingMessage): VerifiedToken | undefined {
  const outcome = requestState.read(req)?.outcome;
  return outcome?.kind === 'verified' ? outcome.token : undefined;
}
