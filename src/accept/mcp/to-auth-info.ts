import type { IncomingMessage } from 'node:http';
import { MissingCredentialsError } from '../../base/errors.js';
import { withChallenge } from '../../http/answer-failure.js';
import { requestState } from '../../http/request-state.js';
import { type AuthInfo, describeAuthInfo } from './auth-info.js';

/**
 * Return the verified token of a request in the form of the MCP SDKs, for code that passes `authInfo` to a transport.
 * For transports that read `req.auth`, mount `attachAuthInfo()`.
 *
 * @throws MissingCredentialsError (401) if no authentication ran, or the request is anonymous
 * @throws PassportJweError with which the authentication rejected the token
 * @throws AccessDeniedError (403) if the token names no client
 * @example
 * app.post('/mcp', authenticate(options), async (req, res) => {
 *   const response = await handler.fetch(toWebRequest(req), { authInfo: toAuthInfo(req) });
 * });
 */
export function toAuthInfo(req: IncomingMessage): AuthInfo {
  const outcome = requestState.read(req)?.outcome;
  if (outcome?.kind === 'refused') throw withChallenge(req, outcome.error);
  if (outcome?.kind !== 'verified') throw withChallenge(req, new MissingCredentialsError());
  return describeAuthInfo(outcome.token, outcome.presented);
}
