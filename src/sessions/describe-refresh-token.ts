import type { TokenIssuance } from '../audit/events.js';
import type { FamilyState } from '../stores/family-store.js';
import type { MadeToken } from './refresh-token-codec.js';

/** Where a refresh token is good, and who asked for it. */
export interface RefreshTokenUse {
  /** `aud` of refresh tokens. */
  readonly audience: string;
  readonly ip: string | undefined;
}

/** A refresh token as the audit trail names it. */
export function describeRefreshToken(
  state: Pick<FamilyState, 'clientId' | 'subject' | 'subjectAsserted' | 'scope' | 'sessionId'>,
  { jti, expiresAt, kid }: Pick<MadeToken, 'jti' | 'expiresAt' | 'kid'>,
  { audience, ip }: RefreshTokenUse,
): TokenIssuance {
  const { clientId, subject, subjectAsserted, scope, sessionId } = state;
  return {
    ...{ jti, clientId, subject, subjectAsserted },
    ...{ audience, scope, tokenType: 'refresh', expiresAt, kid, sessionId },
    ...(ip === undefined ? {} : { ip }),
  };
}
