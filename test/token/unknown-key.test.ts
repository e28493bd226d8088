import { beforeAll, describe, expect, test } from '@jest/globals';
import type { KeyRing } from '../../src/keys/key-ring.js';
import { internalsOf, type KeyRingInternals } from '../../src/keys/key-ring-internals.js';
import { decryptToken } from '../../src/token/decrypt-token.js';
import { rejectionOf, thrownBy } from '../support/caught.js';
import { keyRingWith } from '../support/key-ring-with.js';
import { claimsOf, createRing, mintToken, NOW } from '../support/tokens.js';

let ring: KeyRing;
let token: string;

beforeAll(async () => {
  ring = await createRing();
  token = mintToken(ring);
});

/** A ring that knows no key at first; and how often it was asked for keys, and its source for newer ones. */
function ringWithSource(answer: { isNewer: boolean; knowsThen: boolean }) {
  const asked = { keys: 0, source: 0 };
  const decryptionKey: KeyRingInternals['decryptionKey'] = (kid) => {
    asked.keys += 1;
    return asked.source > 0 && answer.knowsThen ? internalsOf(ring).decryptionKey(kid) : undefined;
  };
  const reloadForUnknownKey: KeyRingInternals['reloadForUnknownKey'] = async () => {
    asked.source += 1;
    return answer.isNewer;
  };
  const keyRing = keyRingWith(ring, { decryptionKey, reloadForUnknownKey });
  return { keyRing, asked };
}

function open(keyRing: KeyRing, text = token) {
  return decryptToken(
    text,
    { keyRing: internalsOf(keyRing), maxTokenLength: 8192, verification: new Map() },
    NOW,
  );
}

describe('a token with an unknown key', () => {
  test('is decrypted with newer keys of the source', async () => {
    const { keyRing, asked } = ringWithSource({ isNewer: true, knowsThen: true });
    expect(await open(keyRing)).toMatchObject({ claims: claimsOf() });
    expect(asked).toEqual({ keys: 2, source: 1 });
  });

  test('is rejected if the source has other keys, but not that one', async () => {
    const { keyRing, asked } = ringWithSource({ isNewer: true, knowsThen: false });
    expect(await rejectionOf(Promise.resolve(open(keyRing)))).toMatchObject({ reason: 'unknown_key' });
    expect(asked).toEqual({ keys: 2, source: 1 });
  });

  test('is not looked up twice if the source has nothing newer', async () => {
    const { keyRing, asked } = ringWithSource({ isNewer: false, knowsThen: true });
    expect(await rejectionOf(Promise.resolve(open(keyRing)))).toMatchObject({ reason: 'unknown_key' });
    expect(asked).toEqual({ keys: 1, source: 1 });
  });

  test('is the only reason to reload: other invalid tokens are rejected at once', () => {
    const { keyRing, asked } = ringWithSource({ isNewer: true, knowsThen: true });
    expect(thrownBy(() => open(keyRing, `${token}=`))).toMatchObject({ reason: 'not_base64url' });
    expect(asked.source).toBe(0);
  });
});
