import { InvalidTokenError } from '../../src/base/errors.js';
import type { TokenRejection } from '../../src/base/rejections.js';
import type { TokenVerifier } from '../../src/verify/token-verifier.js';

/** The reason for which a verifier rejects a token, or `accepted`. Every other failure is thrown. */
export async function reasonOf(
  verifier: Pick<TokenVerifier, 'verify'>,
  token: string,
): Promise<TokenRejection | 'accepted'> {
  try {
    await verifier.verify(token);
    return 'accepted';
  } catch (error) {
    if (error instanceof InvalidTokenError) return error.reason;
    throw error;
  }
}
