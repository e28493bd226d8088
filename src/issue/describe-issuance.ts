import type { TokenIssuance } from '../audit/events.js';
import type { IssuedClaims } from '../token/claims/claims-set.js';
import type { IssueRequest } from './issue-request.js';

/** Describes an access token for the audit events `token.intended` and `token.issued`. */
export function describeIssuance(request: IssueRequest, claims: IssuedClaims, kid: string): TokenIssuance {
  const {
    clientId,
    subject,
    subjectAsserted = false,
    audience,
    type,
    delegatedFrom,
    delegatedTo,
    ip,
  } = request;
  const { jti, scope = '', exp: expiresAt, session_id: sessionId } = claims;
  return {
    ...{ jti, clientId, subject, subjectAsserted, audience, scope, tokenType: type, expiresAt, kid },
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(delegatedFrom === undefined ? {} : { delegatedFrom }),
    ...(delegatedTo === undefined ? {} : { delegatedTo }),
    ...(request.previousApiKey === true ? { previousApiKey: true as const } : {}),
    ...(ip === undefined ? {} : { ip }),
  };
}
