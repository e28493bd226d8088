import { describe, expect, jest, test } from '@jest/globals';
import type { TokenVerifierOptions } from 'passport-jwe';
import type { NumericDate } from '../../src/base/clock.js';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import { internalsOf, type KeyRingInternals } from '../../src/keys/key-ring-internals.js';
import { isDeeplyFrozen } from '../support/deeply-frozen.js';
import { createIssuerAndVerifier } from '../support/issuer-and-verifier.js';
import { keyRingWith } from '../support/key-ring-with.js';
import { LEGACY, LEGACY_TOKENS } from '../support/legacy-tokens.js';
import { AUDIENCE, createRing, ISSUER, mintToken, NOW, secretOf } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

const KEY_RING = await createRing();

/** A service whose clock can be moved, and that has a token in its cache. */
async function warmUp(token: string, options: Partial<TokenVerifierOptions> = {}) {
  const time: { now: NumericDate } = { now: NOW };
  const service = createIssuerAndVerifier({
    keyRing: KEY_RING,
    issuer: ISSUER,
    audience: AUDIENCE,
    clock: () => time.now,
    ...options,
  });
  for (let use = 0; use < 3; use += 1) await service.verify(token);
  return { service, time };
}

/** A ring of which one can tell that nothing is decrypted: what the codec does, it does by a key of the ring. */
function withKeyOf(keyRing: KeyRing, decryptionKey: KeyRingInternals['decryptionKey']): KeyRing {
  return keyRingWith(keyRing, { decryptionKey });
}

const because = (reason: string) => expect.objectContaining({ reason });

describe('a token that is used again', () => {
  test('shares its frozen claims with the requests before', async () => {
    const token = mintToken(KEY_RING);
    const { service } = await warmUp(token);
    const [one, other] = [await service.verify(token), await service.verify(token)];
    expect(other.claims).toBe(one.claims);
    expect([one, one.claims, one.header].map(isDeeplyFrozen)).toEqual([true, true, true]);
    expect(Reflect.set(one.claims, 'scope', 'admin')).toBe(false);
  });

  test('is decrypted each time with tokenCache: false', async () => {
    const token = mintToken(KEY_RING);
    const { service } = await warmUp(token, { tokenCache: false });
    expect((await service.verify(token)).claims).not.toBe((await service.verify(token)).claims);
  });

  test('is decrypted each time if it exceeds the cache', async () => {
    const token = mintToken(KEY_RING);
    const { service } = await warmUp(token, { tokenCache: { maxBytes: 100 } });
    expect((await service.verify(token)).claims).not.toBe((await service.verify(token)).claims);
  });

  test('is rejected once it has expired', async () => {
    const token = mintToken(KEY_RING);
    const { service, time } = await warmUp(token);
    time.now = NOW + 605;
    await expect(service.verify(token)).rejects.toEqual(because('expired'));
  });

  test('is rejected before its nbf, if the clock was set back', async () => {
    const token = mintToken(KEY_RING);
    const { service, time } = await warmUp(token);
    time.now = NOW - 6;
    await expect(service.verify(token)).rejects.toEqual(because('not_yet_valid'));
  });

  test('is rejected once it is older than the maximum age', async () => {
    const token = mintToken(KEY_RING);
    const { service, time } = await warmUp(token, { maxTokenAgeSeconds: 60 });
    time.now = NOW + 66;
    await expect(service.verify(token)).rejects.toEqual(because('too_old'));
  });

  test('is rejected by an acceptor for another audience, regardless of the cache of the first one', async () => {
    const token = mintToken(KEY_RING);
    await warmUp(token);
    const other = createIssuerAndVerifier({
      keyRing: KEY_RING,
      issuer: ISSUER,
      audience: 'https://other.example.com',
      clock: () => NOW,
    });
    for (let use = 0; use < 3; use += 1) {
      await expect(other.verify(token)).rejects.toEqual(because('wrong_audience'));
    }
  });

  test.each([
    ['at once', (revoked: boolean) => revoked],
    ['by promise', async (revoked: boolean) => revoked],
  ])('is rejected once it is revoked, by a check that answers %s', async (_, answer) => {
    const state = { revoked: false };
    const token = mintToken(KEY_RING);
    const { service } = await warmUp(token, { revocations: { isRevoked: () => answer(state.revoked) } });
    state.revoked = true;
    await expect(service.verify(token)).rejects.toEqual(because('revoked'));
  });

  test('is rejected once its API key is not active', async () => {
    const apiKey = { active: true };
    const token = mintToken(KEY_RING);
    const { service } = await warmUp(token, { apiKeys: { get: () => untyped(apiKey) } });
    apiKey.active = false;
    await expect(service.verify(token)).rejects.toEqual(because('key_inactive'));
  });

  test('is rejected once its key has expired', async () => {
    const keyRing = await createKeyRing({
      current: { secret: secretOf(2) },
      previous: [{ secret: secretOf(1), notAfter: NOW + 100 }],
    });
    const token = mintToken(KEY_RING);
    const { service, time } = await warmUp(token, { keyRing });
    time.now = NOW + 100;
    await expect(service.verify(token)).rejects.toEqual(because('expired_key'));
  });

  test('is rejected once its key has left the ring', async () => {
    const find = jest.fn((kid: string) => internalsOf(KEY_RING).decryptionKey(kid));
    const token = mintToken(KEY_RING);
    const { service } = await warmUp(token, { keyRing: withKeyOf(KEY_RING, find) });
    find.mockReturnValue(undefined);
    await expect(service.verify(token)).rejects.toEqual(because('unknown_key'));
  });

  test('is rejected once another key has the same kid', async () => {
    const find = jest.fn((kid: string) => internalsOf(KEY_RING).decryptionKey(kid));
    const token = mintToken(KEY_RING);
    const { service } = await warmUp(token, { keyRing: withKeyOf(KEY_RING, find) });
    const other = await createRing(3);
    find.mockReturnValue(internalsOf(other).encryptionKey('access', AUDIENCE));
    await expect(service.verify(token)).rejects.toEqual(because('decryption'));
  });

  test('is rejected with a change to any of its parts', async () => {
    const token = mintToken(KEY_RING);
    const { service } = await warmUp(token);
    const positions = Array.from({ length: token.length }, (_, index) => index);
    for (const position of positions) {
      const replacement = token[position] === 'A' ? 'B' : 'A';
      const variant = token.slice(0, position) + replacement + token.slice(position + 1);
      await expect(service.verify(variant)).rejects.toHaveProperty('code', 'ERR_INVALID_TOKEN');
    }
    await expect(service.verify(`${token}=`)).rejects.toHaveProperty('code', 'ERR_INVALID_TOKEN');
  });

  test('is rejected each time if it exceeds the maximum length', async () => {
    const token = mintToken(KEY_RING);
    const options = { keyRing: KEY_RING, issuer: ISSUER, audience: AUDIENCE, clock: () => NOW };
    const service = createIssuerAndVerifier({ ...options, maxTokenLength: token.length - 1 });
    for (let use = 0; use < 3; use += 1) {
      await expect(service.verify(token)).rejects.toEqual(because('too_long'));
    }
  });
});

describe('a token of another stack that is used again', () => {
  test('is rejected from `until` on', async () => {
    const keyRing = await createRing(9);
    const { service, time } = await warmUp(LEGACY_TOKENS.models, { keyRing, legacy: LEGACY });
    time.now = LEGACY.until;
    await expect(service.verify(LEGACY_TOKENS.models)).rejects.toEqual(because('expired_key'));
  });
});
