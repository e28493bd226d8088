import type { ClientRejection, TokenRejection } from '../base/rejections.js';
import { InvalidClientError } from '../base/token-endpoint-errors.js';
import { normalizeTyp } from '../token/claims/claims-policy.js';
import { readSignedJwt, type SignedJwt } from './read-signed-jwt.js';
import { translateRejection } from './translate-rejection.js';

/** A signed assertion of a client, not verified yet. */
export interface ClientAssertion extends SignedJwt {
  /** `iss` and `sub`: the `key_id` of the client. */
  readonly keyId: string;
}

/** Values of `typ`, besides none (RFC 7523 §3, draft-ietf-oauth-rfc7523bis). */
const TYPS = ['jwt', 'client-authentication+jwt'];

/** Reasons for rejecting a JWS that identify the fault of an assertion. All other reasons mean that it is malformed. */
const REASONS: Partial<Record<TokenRejection, ClientRejection>> = {
  jws_algorithm: 'assertion_algorithm',
  jws_unknown_key: 'assertion_unknown_key',
  jws_expired_key: 'assertion_expired_key',
  jws_signature: 'assertion_signature',
};

/**
 * Parse a client assertion, without verifying it (RFC 7523 §3).
 *
 * @param clientId `client_id` of the request, which must be the client of the assertion (RFC 7521 §4.2)
 * @throws InvalidClientError (as rejection) if the assertion is not a signed JWT, or names no client or several
 */
export async function readClientAssertion(
  assertion: string,
  clientId: string | undefined,
): Promise<ClientAssertion> {
  const { jws, claims } = await rejectClient(() => readSignedJwt(assertion));
  const { typ } = jws.header;
  const isClientAssertion =
    typ === undefined || (typeof typ === 'string' && TYPS.includes(normalizeTyp(typ)));
  if (!isClientAssertion) throw new InvalidClientError('assertion_typ');
  const { iss, sub: keyId } = claims;
  if (typeof keyId !== 'string' || iss !== keyId || (clientId ?? keyId) !== keyId) {
    throw new InvalidClientError('assertion_subject');
  }
  return { jws, claims, keyId };
}

/**
 * Run a step that verifies a JWS, and reject its client instead of a token.
 *
 * @throws InvalidClientError (as rejection) if the step throws an InvalidTokenError
 */
export function rejectClient<Result>(step: () => Result | Promise<Result>): Promise<Result> {
  return translateRejection(
    step,
    (reason) => new InvalidClientError(REASONS[reason] ?? 'assertion_malformed'),
  );
}
