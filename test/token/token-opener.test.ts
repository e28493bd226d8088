import { describe, expect, test } from '@jest/globals';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import type { Verification } from '../../src/keys/resolve-verification.js';
import { sealToken } from '../../src/token/seal-token.js';
import { resolveTokenCache, type TokenCacheLimits } from '../../src/token/token-cache.js';
import { createTokenOpener } from '../../src/token/token-opener.js';
import { thrownBy } from '../support/caught.js';
import { generateShared } from '../support/key-pairs.js';
import { createParties, forgeNested } from '../support/signed-tokens.js';
import { AUDIENCE, claimsOf, createRing, ISSUER, mintToken, NOW, secretOf } from '../support/tokens.js';

interface Setting {
  readonly limits?: TokenCacheLimits;
  readonly verification?: Verification;
}

function openerOf(keyRing: KeyRing, { limits, verification = new Map() }: Setting = {}) {
  return createTokenOpener({ keyRing: internalsOf(keyRing), maxTokenLength: 8192, verification }, limits)
    .open;
}

const limits = resolveTokenCache();

describe('a token opener', () => {
  test('caches a token at its second use', async () => {
    const ring = await createRing();
    const token = mintToken(ring);
    const open = openerOf(ring, { limits });
    const [first, second, third] = [open(token, NOW), open(token, NOW), open(token, NOW)];
    expect(first).toMatchObject({ claims: claimsOf() });
    expect(second).toEqual(first);
    expect(second).not.toBe(first);
    expect(third).toBe(second);
  });

  test('caches nothing without limits', async () => {
    const ring = await createRing();
    const token = mintToken(ring);
    const open = openerOf(ring);
    const opened = [open(token, NOW), open(token, NOW), open(token, NOW)];
    expect(new Set(opened).size).toBe(3);
  });

  test('caches a token until it expires', async () => {
    const ring = await createRing();
    const token = mintToken(ring);
    const open = openerOf(ring, { limits });
    open(token, NOW);
    const kept = open(token, NOW);
    expect(open(token, NOW + 599)).toBe(kept);
    expect(open(token, NOW + 600)).not.toBe(kept);
  });

  test('does not count a rejected token as a use', async () => {
    const token = mintToken(await createRing(2));
    const keyRing = await createKeyRing({
      current: { secret: secretOf(1) },
      previous: [{ secret: secretOf(2), notAfter: NOW }],
    });
    internalsOf(keyRing).prepare('access', AUDIENCE);
    const open = openerOf(keyRing, { limits });
    expect(thrownBy(() => open(token, NOW))).toMatchObject({ reason: 'expired_key' });
    const [first, second, third] = [open(token, NOW - 1), open(token, NOW - 1), open(token, NOW - 1)];
    expect(second).not.toBe(first);
    expect(third).toBe(second);
  });

  test('returns a cached token synchronously, although its decryption was asynchronous', async () => {
    const ring = await createKeyRing({ current: { jwk: generateShared('A256KW') } });
    const key = internalsOf(ring).encryptionKey('access', AUDIENCE);
    const token = await sealToken(claimsOf(), key, { typ: 'at+jwt' });
    const open = openerOf(ring, { limits });
    const [first, second] = [await open(token, NOW), await open(token, NOW)];
    expect(first).toMatchObject({ claims: claimsOf() });
    expect(second).not.toBe(first);
    expect(open(token, NOW)).toBe(second);
  });

  test('caches no nested token, since its verification key may be withdrawn', async () => {
    const parties = await createParties();
    const verification: Verification = new Map([[ISSUER, parties.verificationKeys]]);
    const token = await forgeNested(parties);
    const open = openerOf(parties.serverRing, { limits, verification });
    const opened = [await open(token, NOW), await open(token, NOW), await open(token, NOW)];
    expect(new Set(opened).size).toBe(3);
  });

  test('rejects a token that it cannot open at every use', async () => {
    const parties = await createParties();
    const token = await forgeNested(parties);
    const open = openerOf(parties.serverRing, { limits });
    for (let time = 0; time < 3; time += 1) {
      expect(thrownBy(() => open(token, NOW))).toMatchObject({ reason: 'content_type' });
    }
  });
});
