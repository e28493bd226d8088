import type { NumericDate } from '../clock.js';

/** What can be revoked. Identities that a caller chose count only together with its `clientId`. */
export type Revocable =
  | { readonly kind: 'token'; readonly jti: string; readonly expiresAt: NumericDate }
  | { readonly kind: 'session'; readonly clientId: string; readonly sessionId: string }
  | { readonly kind: 'api_key'; readonly clientId: string }
  | { readonly kind: 'subject'; readonly clientId: string; readonly subject: string }
  | { readonly kind: 'kid'; readonly kid: string };

/** A character that no identity may hold keeps the parts of a name apart. */
const SEPARATOR = '\u0000';

/** The name under which stores keep a revocation, the same on every instance. */
export const revocationName = {
  token: (jti: string) => `token${SEPARATOR}${jti}`,
  session: (clientId: string, sessionId: string) => `session${SEPARATOR}${clientId}${SEPARATOR}${sessionId}`,
  apiKey: (clientId: string) => `api_key${SEPARATOR}${clientId}`,
  subject: (clientId: string, subject: string) => `subject${SEPARATOR}${clientId}${SEPARATOR}${subject}`,
  kid: (kid: string) => `kid${SEPARATOR}${kid}`,
} as const;

export function nameOf(target: Revocable): string {
  switch (target.kind) {
    case 'token':
      return revocationName.token(target.jti);
    case 'session':
      return revocationName.session(target.clientId, target.sessionId);
    case 'api_key':
      return revocationName.apiKey(target.clientId);
    case 'subject':
      return revocationName.subject(target.clientId, target.subject);
    case 'kid':
      return revocationName.kid(target.kid);
  }
}
