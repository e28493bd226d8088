import type { TokenIssuance } from '../audit/events.js';
import type { FamilyState } from '../stores/family-store.js';
import type { MadeToken } from './refresh-token-codec.js';

/** Audience of a refresh token, and address of the client that requested it. */
export interface RefreshTokenUse {
  /** `aud` of refresh tokens. */
  readonly audience: string;
  readonly ip: string | undefined;
}

/** A refresh token as audit events describe it. */
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
