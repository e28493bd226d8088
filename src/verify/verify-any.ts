import type { NumericDate } from '../base/clock.js';
import { InvalidTokenError } from '../base/errors.js';
import type { TokenRejection } from '../base/rejections.js';
import type { ClaimsPolicy } from '../token/claims/claims-policy.js';
import type { Sender } from '../token/claims/confirmation.js';
import type { AuthenticToken } from '../token/claims/validate-claims-set.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import { isLegacyToken } from '../token/open-legacy-token.js';
import type { ExternalOpener } from './external-opener.js';
import type { ResolvedVerifier } from './resolve-verifier.js';

type Verify = (token: string, sender?: Sender) => VerifiedToken | Promise<VerifiedToken>;

/** Checks that follow decryption. */
export type ClaimsCheck = (
  token: AuthenticToken,
  now: NumericDate,
  sender: Sender,
  policy?: ClaimsPolicy,
) => VerifiedToken | Promise<VerifiedToken>;

interface AnyIssuer extends Pick<ResolvedVerifier, 'clock' | 'hasHome' | 'legacy'> {
  readonly accept: ClaimsCheck;
}

/**
 * Reasons for rejecting a token before a key of a home issuer is used. Trusted issuers may write headers that home issuers
 * may not.
 */
const UNREAD: ReadonlySet<TokenRejection> = new Set<TokenRejection>([
  ...([
    'unknown_key',
    'algorithm',
    'content_type',
    'header_invalid_member',
    'header_refused_member',
  ] as const),
]);

/** Reasons for rejecting a legacy token. A trusted issuer may write the same header under another key. */
const UNREAD_LEGACY: ReadonlySet<TokenRejection> = new Set<TokenRejection>([
  ...(['decryption', 'encrypted_key', 'expired_key', 'iv_length', 'tag_length'] as const),
]);

/**
 * Verify tokens of home issuers and of trusted issuers. The `kid` selects the opener. If neither knows the `kid`, both
 * reload their keys. Legacy tokens lack `kid`, as some tokens of trusted issuers do: the legacy key is tried first.
 *
 * @param verifyHome verifies tokens of home issuers, and legacy tokens
 * @returns a function that throws (or rejects with) the errors of both
 */
export function verifyAny(
  external: ExternalOpener,
  verifyHome: Verify,
  { accept, clock, hasHome, legacy }: AnyIssuer,
): Verify {
  const isLegacy = (token: string) => legacy !== undefined && isLegacyToken(token);
  const verifyExternal: Verify = (token, sender) => {
    const now = clock();
    const opened = external.open(token, now);
    return opened instanceof Promise
      ? opened.then((authentic) => accept(authentic, clock(), sender, authentic.issuer.policy))
      : accept(opened, now, sender, opened.issuer.policy);
  };
  const verifyUnread = async (token: string, sender: Sender, unread: unknown): Promise<VerifiedToken> => {
    try {
      return await verifyExternal(token, sender);
    } catch (error) {
      throw isUnread(error, false) ? unread : error;
    }
  };
  const recover = (token: string, sender: Sender, error: unknown): Promise<VerifiedToken> => {
    if (isUnread(error, isLegacy(token))) return verifyUnread(token, sender, error);
    throw error;
  };
  return (token, sender) => {
    if (!hasHome || (external.isFor(token) && !isLegacy(token))) return verifyExternal(token, sender);
    try {
      const verified = verifyHome(token, sender);
      return verified instanceof Promise
        ? verified.catch((error) => recover(token, sender, error))
        : verified;
    } catch (error) {
      return recover(token, sender, error);
    }
  };
}

function isUnread(error: unknown, isLegacy: boolean): boolean {
  if (!(error instanceof InvalidTokenError)) return false;
  return UNREAD.has(error.reason) || (isLegacy && UNREAD_LEGACY.has(error.reason));
}
