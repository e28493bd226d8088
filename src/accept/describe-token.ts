import type { AuditEvent } from '../audit/events.js';
import type { AcceptedToken } from '../audit/record-acceptances.js';
import { InvalidDpopProofError } from '../base/dpop-errors.js';
import { InvalidTokenError, MissingCredentialsError, type PassportJweError } from '../base/errors.js';
import type { TokenIdentity } from '../base/rejections.js';
import { readAuditOrigin } from '../http/audit-origin-reader.js';
import type { IncomingRequest } from '../http/incoming-request.js';
import { identifyToken } from '../token/claims/identify-token.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';

/** Facts for the debug line: the expected locations of the token, or the type and the `kid` of a verified token. */
export function describeRejected(
  error: PassportJweError,
  token: VerifiedToken | undefined,
  tokenLocations: readonly string[],
): object {
  if (error instanceof MissingCredentialsError) return { tokenLocations };
  return token === undefined ? {} : { type: token.type, kid: token.header['kid'] };
}

/** Whether a token is a JWE. Every JWE has `enc` in its protected header (RFC 7516 §4.1.2), and no JWS has it. */
export function isEncrypted({ header }: VerifiedToken): boolean {
  return header['enc'] !== undefined;
}

export function identifyWithSession(token: VerifiedToken): AcceptedToken {
  const { session_id: sessionId } = token.claims;
  return { ...identifyToken(token), ...(sessionId === undefined ? {} : { sessionId }) };
}

/**
 * Build the audit event for a rejected request, with the identity of the verified token or of the token in the error.
 */
export function describeRefusedToken(
  req: IncomingRequest,
  error: PassportJweError,
  known: TokenIdentity | undefined,
): AuditEvent {
  return {
    type: 'token.refused',
    code: error.code,
    ...(error instanceof InvalidTokenError || error instanceof InvalidDpopProofError
      ? { reason: error.reason }
      : {}),
    ...(known ?? (error instanceof InvalidTokenError ? error.token : undefined)),
    ...readAuditOrigin(req),
  };
}
