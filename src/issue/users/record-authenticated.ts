import { auditOrigin } from '../../audit/audit-origin.js';
import type { AuditTrail } from '../../audit/record.js';
import type { GrantContext } from '../grants/grant.js';

/** User of a token, and the directory or the identity provider that verified the user. */
export type AuthenticatedUser =
  | { readonly subject: string; readonly directory: string }
  | { readonly subject: string; readonly provider: string };

/** Record that a verified user receives a token. */
export async function recordAuthenticated(
  audit: AuditTrail,
  user: AuthenticatedUser,
  { apiKey, origin }: Pick<GrantContext, 'apiKey' | 'origin'>,
): Promise<void> {
  await audit.record({
    ...{ type: 'user.authenticated', clientId: apiKey.keyId },
    ...user,
    ...auditOrigin(origin),
  });
}
