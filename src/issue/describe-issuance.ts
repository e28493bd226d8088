import { auditOrigin } from '../audit/audit-origin.js';
import type { TokenIssuance } from '../audit/token-events.js';
import { bindKeys, senderOf } from '../sessions/key-binding.js';
import type { IssuedClaims } from '../token/claims/claims-set.js';
import { type IssueRequest, isClientRequest } from './issue-request.js';
import { describeWorkload } from './workloads/describe-workload.js';

/** Describe an access token for the audit events `token.intended` and `token.issued`. */
export function describeIssuance(request: IssueRequest, claims: IssuedClaims, kid: string): TokenIssuance {
  const { jti, sub: subject, client_id: clientId, aud, scope = '', exp: expiresAt } = claims;
  const { type: tokenType = 'user', session_id: sessionId, cnf } = claims;
  const [audience = ''] = [aud].flat();
  return {
    ...{
      jti,
      clientId,
      subject,
      subjectAsserted: isAsserted(request),
      audience,
      scope,
      tokenType,
      expiresAt,
      kid,
    },
    ...(sessionId === undefined ? {} : { sessionId }),
    ...bindKeys({}, senderOf(cnf)),
    ...auditOrigin(request),
    ...describeClient(request),
  };
}

/** Whether the client asserted the subject. False for user tokens: the application authenticated the user. */
function isAsserted(request: IssueRequest): boolean {
  return isClientRequest(request) && request.subjectAsserted === true;
}

function describeClient(request: IssueRequest) {
  if (!isClientRequest(request)) return {};
  const { delegatedFrom, delegatedTo, previousApiKey, workload } = request;
  return {
    ...describeWorkload(workload),
    ...(delegatedFrom === undefined ? {} : { delegatedFrom }),
    ...(delegatedTo === undefined ? {} : { delegatedTo }),
    ...(previousApiKey === true ? { previousApiKey: true as const } : {}),
  };
}
