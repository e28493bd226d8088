import { assertString } from '../base/options.js';

/** Option of `tokenRouter()` for a change of the issuer. */
export interface PreviousIssuersOption {
  /**
   * Further issuers of this server. Their refresh tokens and access tokens remain valid, and new tokens have `issuer`. Set
   * the same issuers in `issuer` of every verifier.
   *
   * @default [] (only tokens of `issuer` are accepted)
   */
  readonly previousIssuers?: readonly string[];
}

/**
 * Validate `previousIssuers` and apply the default.
 *
 * @throws TypeError if it is not an array of non-empty strings
 */
export function resolvePreviousIssuers({ previousIssuers = [] }: PreviousIssuersOption): readonly string[] {
  if (!Array.isArray(previousIssuers))
    throw new TypeError(
      'tokenRouter: previousIssuers must be an array of issuers, for example ["https://old.example.com"]',
    );
  for (const issuer of previousIssuers)
    assertString(issuer, 'tokenRouter', 'previousIssuers', 'https://old.example.com');
  return previousIssuers;
}
