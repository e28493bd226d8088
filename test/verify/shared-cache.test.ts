import { describe, expect, test } from '@jest/globals';
import { InvalidTokenError } from '../../src/base/errors.js';
import type { ContentKey } from '../../src/keys/content-key.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { encryptToken } from '../../src/token/encrypt-token.js';
import { prepareVerifier } from '../../src/verify/token-verifier.js';
import type { TokenVerifierOptions } from '../../src/verify/token-verifier-options.js';
import { thrownBy } from '../support/caught.js';
import { forgeByExport } from '../support/forged-claims.js';
import { keyRingWith } from '../support/key-ring-with.js';
import { AUDIENCE, claimsOf, createRing, ISSUER, mintToken, NOW } from '../support/tokens.js';

const OTHER = 'https://other.example.com';
const because = (reason: string) => expect.objectContaining({ reason });

const KEY_RING = await createRing();

function prepare(options: Partial<TokenVerifierOptions> = {}) {
  const complete = { keyRing: KEY_RING, issuer: ISSUER, audience: AUDIENCE, clock: () => NOW, ...options };
  return prepareVerifier(complete, 'createTokenVerifier');
}

describe('the methods of a verifier', () => {
  test('share one cache: verify finds what verifyProven decrypted', async () => {
    const verifier = prepare();
    const token = mintToken(KEY_RING);
    for (let use = 0; use < 2; use += 1) await verifier.verifyProven(token);
    const proven = await verifier.verifyProven(token);
    expect((await verifier.verify(token)).claims).toBe(proven.claims);
    expect(verifier.isProven(token)).toBe(true);
  });

  test('check the proof of a token that verify cached', async () => {
    const verifier = prepare();
    const token = mintToken(KEY_RING);
    for (let use = 0; use < 3; use += 1) await verifier.verify(token);
    const proven = await verifier.verifyProven(token);
    expect((await verifier.verifyProven(token)).claims).toBe(proven.claims);
  });

  test('accept no cached token without a proof if one is required', async () => {
    const verifier = prepare();
    const forged = forgeByExport(KEY_RING, AUDIENCE);
    for (let use = 0; use < 3; use += 1) await verifier.verify(forged);
    for (let use = 0; use < 3; use += 1) {
      await expect(verifier.verifyProven(forged)).rejects.toEqual(because('unproven'));
      expect(verifier.isProven(forged)).toBe(false);
    }
    expect(verifier.verify(forged)).toMatchObject({ claims: { iss: ISSUER } });
  });

  test('accept no proof of a key that has left the ring', async () => {
    let keys = (kid: string): ContentKey | undefined => internalsOf(KEY_RING).decryptionKey(kid);
    const keyRing = keyRingWith(KEY_RING, { decryptionKey: (kid) => keys(kid) });
    const verifier = prepare({ keyRing });
    const token = mintToken(KEY_RING);
    for (let use = 0; use < 3; use += 1) await verifier.verifyProven(token);
    keys = () => undefined;
    await expect(verifier.verifyProven(token)).rejects.toEqual(because('unknown_key'));
    expect(verifier.isProven(token)).toBe(false);
  });
});

describe('a verifier with other rules', () => {
  test('shares the cache', async () => {
    const verifier = prepare();
    const lenient = verifier.withRules({ clockToleranceSeconds: 60 });
    const token = mintToken(KEY_RING);
    await verifier.verify(token);
    const cached = await lenient.verify(token);
    expect((await verifier.verify(token)).claims).toBe(cached.claims);
  });

  test('applies its own rules to a token that another one accepted', async () => {
    const isRevoked = () => true;
    const lenient = prepare({ clockToleranceSeconds: 60 });
    const strict = lenient.withRules({ revocations: { isRevoked } });
    const token = mintToken(KEY_RING, { claims: { iat: NOW + 30, nbf: NOW + 30 } });
    for (let use = 0; use < 3; use += 1) await lenient.verify(token);
    expect(thrownBy(() => strict.verify(token))).toEqual(because('not_yet_valid'));
    const timely = mintToken(KEY_RING);
    expect(thrownBy(() => strict.verify(timely))).toEqual(because('revoked'));
  });

  test('inherits neither API keys nor revocations nor claims rules', async () => {
    const strict = prepare({
      apiKeys: { get: () => undefined },
      revocations: { isRevoked: () => true },
      requiredClaims: ['tenant'],
    });
    const token = mintToken(KEY_RING);
    expect(thrownBy(() => strict.verify(token))).toBeInstanceOf(InvalidTokenError);
    expect(strict.withRules({}).verify(token)).toMatchObject({ claims: { client_id: 'demo' } });
  });

  test('is not created with a malformed rule', () => {
    expect(thrownBy(() => prepare().withRules({ clockToleranceSeconds: 61 }))).toBeInstanceOf(TypeError);
  });
});

describe('an audience that is added', () => {
  const tokenFor = (audience: string, keyRing = KEY_RING) =>
    encryptToken(claimsOf({ aud: audience }), internalsOf(keyRing).encryptionKey('access', audience), {
      typ: 'at+jwt',
    });

  test('is accepted from then on, by verifiers with other rules too', async () => {
    const keyRing = await createRing();
    const verifier = prepare({ keyRing });
    const lenient = verifier.withRules({ clockToleranceSeconds: 60 });
    const token = tokenFor(OTHER);
    await expect(Promise.resolve(verifier.verify(token))).rejects.toEqual(because('unknown_key'));
    lenient.addAudiences([AUDIENCE, OTHER]);
    for (const each of [verifier, lenient, verifier.withRules({})]) {
      expect(each.verify(token)).toMatchObject({ claims: { aud: OTHER } });
    }
  });

  test('leaves cached tokens in the cache', async () => {
    const verifier = prepare();
    const token = mintToken(KEY_RING);
    await verifier.verify(token);
    const cached = await verifier.verify(token);
    verifier.addAudiences([OTHER]);
    expect((await verifier.verify(token)).claims).toBe(cached.claims);
  });

  test('is not accepted if its tokens must be signed and there are no verification keys', async () => {
    const keyRing = keyRingWith(await createRing(), { needsSignature: (audience) => audience === OTHER });
    const verifier = prepare({ keyRing });
    expect(thrownBy(() => verifier.addAudiences(['https://third.example.com', OTHER]))).toBeInstanceOf(
      TypeError,
    );
    for (const audience of ['https://third.example.com', OTHER]) {
      expect(thrownBy(() => verifier.verify(tokenFor(audience)))).toEqual(because('wrong_audience'));
    }
  });
});
