import type { TokenIdentity } from '../../base/rejections.js';
import type { VerifiedToken } from './verified-token.js';

/** Return the identity of a verified token, for audit events. */
export function identifyToken({ type, claims, header }: VerifiedToken): TokenIdentity {
  const { iss: issuer, jti, client_id: clientId, sub: subject } = claims;
  const { kid } = header;
  return {
    ...(type === 'external' ? { issuer } : {}),
    jti,
    ...(typeof kid === 'string' ? { kid } : {}),
    ...(clientId === undefined ? {} : { clientId }),
    ...(subject === undefined ? {} : { subject }),
  };
}
