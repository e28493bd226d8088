import type { IncomingMessage } from 'node:http';
import { MissingCredentialsError } from '../base/errors.js';
import { assertOptions } from '../base/options.js';
import { addChallenge } from '../http/answer-failure.js';
import { challengeFor, requestState } from '../http/request-state.js';
import type { TokenType } from '../token/claims/token-type-names.js';
import type { NoClaims, VerifiedToken } from '../token/claims/verified-token.js';
import { remedyForOption } from '../verify/remedy-for-option.js';
import { REQUEST_VERIFIER_OPTIONS, type RequestVerifierOptions } from './accept-options.js';
import { createAcceptor } from './acceptor.js';

/**
 * Function that verifies the token of a request. Afterwards, `verifiedToken(req)` returns the same token.
 *
 * It throws an error of this package (as rejection) if the token is missing or rejected, or a store is unavailable.
 * `status` and `headers` of the error are those of the response.
 *
 * @typeParam Claims custom claims of the accepted tokens
 */
export type RequestVerifier<Claims extends object = NoClaims> = (
  req: IncomingMessage,
) => Promise<VerifiedToken<TokenType, Claims>>;

/**
 * Create a function that verifies requests without Express or without a response, such as WebSocket upgrades. It reads
 * the token and records audit events as `authenticate()` does. Call it again during a long connection to detect
 * that the token has expired or was revoked.
 *
 * @typeParam Claims custom claims of the accepted tokens. Inferred from `claimsSchema`.
 * @throws TypeError if an option is missing, unknown or malformed
 * @example
 * const verifyUpgrade = createRequestVerifier({ keyRing, issuer, audience });
 * server.on('upgrade', async (req, socket, head) => {
 *   const { claims } = await verifyUpgrade(req);
 * });
 */
export function createRequestVerifier<Claims extends object = NoClaims>(
  options: RequestVerifierOptions<Claims>,
): RequestVerifier<Claims>;
export function createRequestVerifier(options: RequestVerifierOptions<object>): RequestVerifier {
  assertOptions(options, REQUEST_VERIFIER_OPTIONS, 'createRequestVerifier', remedyForOption);
  const acceptor = createAcceptor(options, 'createRequestVerifier');
  return async function verifyRequest(req) {
    const outcome = await acceptor.accept(req);
    requestState.fill(req, { outcome, acceptor, failWithError: true });
    if (outcome.kind === 'verified') acceptor.recordAcceptance(req, outcome);
    if (outcome.kind === 'verified') return outcome.token;
    if (outcome.kind === 'anonymous') throw new MissingCredentialsError();
    // Read from the outcome, not from the request: another verifier of the same request can run concurrently.
    await acceptor.recordRefusal({ req, res: undefined }, outcome.error, outcome);
    addChallenge(outcome.error, challengeFor({ outcome, acceptor }, acceptor.writeChallenge));
    throw outcome.error;
  };
}
