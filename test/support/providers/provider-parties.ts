import { createDecryptionKeys, type DecryptionKeys } from '../../../src/keys/decryption-keys.js';
import { createVerificationKeys, type VerificationKeys } from '../../../src/keys/verification-keys.js';
import type { VerifiedToken } from '../../../src/token/claims/index.js';
import { createTokenVerifier } from '../../../src/verify/token-verifier.js';
import type { TrustedIssuer } from '../../../src/verify/trusted-issuer-options.js';
import { generateRsa } from '../key-pairs.js';
import { clock } from '../tokens.js';
import { forgeProviderToken, type ProviderToken } from './forge-provider-token.js';

/** A provider that signs with RSA and encrypts to the RSA key of an API, named as the provider names keys. */
export interface ProviderParties {
  readonly decryption: DecryptionKeys;
  readonly verification: VerificationKeys;
  issue(token: ProviderToken): Promise<string>;
}

export async function createProviderParties(kids: {
  readonly encryption: string;
  readonly signature: string;
}): Promise<ProviderParties> {
  const recipient = generateRsa({ kid: kids.encryption });
  const signer = generateRsa({ kid: kids.signature, alg: 'RS256', use: 'sig' });
  return {
    decryption: await createDecryptionKeys({ jwk: recipient.privateJwk }),
    verification: await createVerificationKeys({ jwk: signer.publicJwk }),
    issue: (token) =>
      forgeProviderToken(token, { encryption: recipient.publicJwk, signature: signer.privateJwk }),
  };
}

/** What an API says of a token that trusts one issuer, at the time of all tests. */
export async function verifyFromIssuer(token: string, trusted: TrustedIssuer): Promise<VerifiedToken> {
  return createTokenVerifier({ trustedIssuers: [trusted], clock }).verify(token);
}
