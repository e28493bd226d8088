import { type AuditOrigin, auditOrigin } from '../audit/audit-origin.js';
import type { TokenIssuance } from '../audit/token-events.js';
import type { FamilyState } from '../stores/family-store.js';
import { bindKeys, type KeyBinding } from './key-binding.js';
import type { MadeToken } from './refresh-token-codec.js';

/** Audience of a refresh token, and the request that uses it. */
export interface RefreshTokenUse {
  /** `aud` claim of the refresh token: the authorization server itself. */
  readonly audience: string;
  readonly origin: AuditOrigin;
}

/** Describe a refresh token for the audit events `token.intended` and `token.issued`. */
export function describeRefreshToken(
  state: KeyBinding & Pick<FamilyState, 'clientId' | 'subject' | 'subjectAsserted' | 'scope' | 'sessionId'>,
  { jti, expiresAt, kid }: Pick<MadeToken, 'jti' | 'expiresAt' | 'kid'>,
  { audience, origin }: RefreshTokenUse,
): TokenIssuance {
  const { clientId, subject, subjectAsserted, scope, sessionId } = state;
  return {
    ...{ jti, clientId, subject, subjectAsserted },
    ...{ audience, scope, tokenType: 'refresh', expiresAt, kid, sessionId },
    ...bindKeys(state),
    ...auditOrigin(origin),
  };
}
