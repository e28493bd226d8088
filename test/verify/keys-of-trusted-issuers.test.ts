import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createRevocations, createTokenVerifier } from 'passport-jwe';
import { createMemoryStores } from 'passport-jwe/stores';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import { createDecryptionKeys } from '../../src/keys/decryption-keys.js';
import { trustedIssuer } from '../../src/verify/trusted-issuer.js';
import { makeExternal, trustIdp, verifierOf } from '../support/external-tokens.js';
import { reasonOf } from '../support/reason-of.js';
import { AUDIENCE, clock, createRing, ISSUER, secretOf } from '../support/tokens.js';
import { decryptionOf, generateKind, generateSignatureKey, verificationOf } from '../support/trusted-keys.js';

const key = generateKind('P-256', 0, 'api');
const signer = generateSignatureKey('ES256', 's1');

describe('the key of a token without kid', () => {
  test('is named in the header, so that a revocation of its kid applies', async () => {
    const revocations = createRevocations({ stores: createMemoryStores({ clock }), clock });
    const trusted = await trustIdp({ keys: await decryptionOf(key), signer: await verificationOf(signer) });
    const verifier = verifierOf(trusted, { revocations });
    const token = await makeExternal({ key, alg: 'ECDH-ES', signer, header: { kid: undefined } });
    expect((await verifier.verify(token)).header['kid']).toBe('api');
    await revocations.revoke({ kind: 'kid', kid: 'api' });

    expect(await reasonOf(verifier, token)).toBe('revoked');
  });

  test('is found in time that grows linearly with the number of issuers', async () => {
    const oct = (index: number) => ({
      kty: 'oct',
      kid: `k${index}`,
      k: createHash('sha256').update(`secret ${index}`).digest('base64url'),
    });
    const trusted = await Promise.all(
      Array.from({ length: 200 }, async (_, index) =>
        trustedIssuer({
          issuer: `https://idp-${index}.example.com`,
          audience: AUDIENCE,
          scopes: [],
          decryption: await createDecryptionKeys({ jwk: oct(index) }),
        }),
      ),
    );
    const verifier = createTokenVerifier({ trustedIssuers: trusted, clock });
    const header = Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM' })).toString('base64url');
    const token = `${header}..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA`;
    expect(await reasonOf(verifier, token)).toBe('ambiguous_key');
    const before = process.cpuUsage().user;
    for (let count = 0; count < 20; count += 1) await reasonOf(verifier, token);

    expect((process.cpuUsage().user - before) / 20).toBeLessThan(10_000);
  });
});

describe('a secret of the key ring', () => {
  test.each(['root', 'key'])('cannot be the key of a trusted issuer: %s', async (kind) => {
    const secret = secretOf(7);
    const k = secret.toString('base64url');
    const keyRing =
      kind === 'root'
        ? await createRing(7)
        : await createKeyRing({ current: { jwk: { kty: 'oct', kid: 'ours', alg: 'A256GCM', k } } });
    const decryption = await createDecryptionKeys({ jwk: { kty: 'oct', kid: 'theirs', k } });
    const trusted = trustedIssuer({
      issuer: 'https://idp.example.com',
      audience: AUDIENCE,
      scopes: [],
      decryption,
    });

    expect(() =>
      createTokenVerifier({ keyRing, issuer: ISSUER, audience: AUDIENCE, trustedIssuers: [trusted] }),
    ).toThrow(/has a secret of keyRing/);
  });
});
