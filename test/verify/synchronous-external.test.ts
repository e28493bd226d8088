import { beforeAll, expect, test } from '@jest/globals';
import { createDecryptionKeys, type DecryptionKeys, trustedIssuer } from 'passport-jwe';
import { narrowToExternal } from '../../src/token/claims/token-types.js';
import { prepareVerifier } from '../../src/verify/token-verifier.js';
import { generateRecipient, generateSigner } from '../support/key-pairs.js';
import { createParties, forgeNested, type Parties } from '../support/signed-tokens.js';
import { AUDIENCE, NOW } from '../support/tokens.js';

const PARTNER = 'https://partner.example.com';

let partner: Parties;
let decryption: DecryptionKeys;

beforeAll(async () => {
  partner = await createParties(
    generateRecipient('ECDH-ES', { kid: 'partner' }, 'P-256'),
    generateSigner('EdDSA', { kid: 'partner-1' }),
  );
  decryption = await createDecryptionKeys({ jwk: partner.recipient.privateJwk });
});

const prepare = () =>
  prepareVerifier(
    {
      clock: () => NOW,
      trustedIssuers: [
        trustedIssuer({
          ...{ issuer: PARTNER, audience: AUDIENCE, scopes: ['read'] },
          ...{ decryption, verification: partner.verificationKeys },
        }),
      ],
    },
    'createTokenVerifier',
  );

test('verification of a token of a trusted issuer with known keys creates no promise', async () => {
  const token = await forgeNested(partner, { claims: { iss: PARTNER, scope: 'read' } });

  expect(prepare().verify(token)).toMatchObject({ type: 'external', scope: ['read'] });
});

test('a claim __proto__ of a trusted issuer changes no prototype', () => {
  const claims = JSON.parse(
    '{ "__proto__": { "isAdmin": true }, "iss": "a", "aud": "b", "exp": 2, "iat": 1, "jti": "c" }',
  );
  const terms = { scope: [], scopeClaim: 'scope', clientClaim: 'client_id' };
  const verified = narrowToExternal(claims, {}, terms);

  expect(verified.claims).toEqual({ iss: 'a', aud: 'b', exp: 2, iat: 1, jti: 'c' });
  expect(verified.claims).not.toHaveProperty('isAdmin');
});
