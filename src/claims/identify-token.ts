import type { TokenIdentity } from '../audit/rejections.js';
import type { VerifiedToken } from './verified-token.js';

/** A verified token as the audit trail names it. */
export function identifyToken({ claims, header }: VerifiedToken): TokenIdentity {
  const { jti, client_id: clientId, sub: subject } = claims;
  const { kid } = header;
  return {
    jti,
    ...(typeof kid === 'string' ? { kid } : {}),
    ...(clientId === undefined ? {} : { clientId }),
    ...(subject === undefined ? {} : { subject }),
  };
}
