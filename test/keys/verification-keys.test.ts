import { describe, expect, test } from '@jest/globals';
import { resolveVerification } from '../../src/keys/resolve-verification.js';
import { parseSigningKey, parseVerificationKey } from '../../src/keys/signature-key.js';
import { keepVerificationKeys } from '../../src/keys/verification-keys.js';
import { generateSigner } from '../support/key-pairs.js';
import { ISSUER } from '../support/tokens.js';

const first = parseVerificationKey(generateSigner('EdDSA', { kid: 'first' }).publicJwk);
const second = parseVerificationKey(generateSigner('EdDSA', { kid: 'second' }).publicJwk);
const rsa = parseVerificationKey(generateSigner('RS256', { kid: 'rsa' }).publicJwk);

describe('find', () => {
  test('returns the key with the kid, for any alg', () => {
    expect(keepVerificationKeys([first, second]).find('second', 'RS256')).toBe(second);
  });

  test('returns nothing for an unknown kid, even if only one key has the alg', () => {
    expect(keepVerificationKeys([first]).find('other', 'EdDSA')).toBeUndefined();
    expect(keepVerificationKeys([first]).find('', 'EdDSA')).toBeUndefined();
  });

  test('without kid, returns the only key for the alg', () => {
    const keys = keepVerificationKeys([first, rsa]);

    expect(keys.find(undefined, 'EdDSA')).toBe(first);
    expect(keys.find(undefined, 'RS256')).toBe(rsa);
    expect(keys.find(undefined, 'PS256')).toBeUndefined();
  });

  test('without kid, treats EdDSA and Ed25519 as one algorithm (RFC 9864 §2.2)', () => {
    expect(keepVerificationKeys([first]).find(undefined, 'Ed25519')).toBe(first);
  });

  test('without kid, returns nothing if several keys have the alg', () => {
    const named = parseVerificationKey(generateSigner('EdDSA', { kid: 'b', alg: 'Ed25519' }).publicJwk);

    expect(keepVerificationKeys([first, second]).find(undefined, 'EdDSA')).toBeUndefined();
    expect(keepVerificationKeys([first, named]).find(undefined, 'EdDSA')).toBeUndefined();
  });
});

describe('the public key of signing', () => {
  const signing = parseSigningKey(generateSigner('EdDSA', { kid: 'own' }).privateJwk);
  const keys = resolveVerification(
    { signing, verification: { [ISSUER]: keepVerificationKeys([first]) } },
    [ISSUER],
    'authenticate',
  ).get(ISSUER);

  test('is found by kid, next to the keys of verification', () => {
    expect(keys?.find('own', 'EdDSA')).toMatchObject({ kid: 'own' });
    expect(keys?.find('first', 'EdDSA')).toBe(first);
  });

  test('is not found without kid, because the tokens that it signs have one', () => {
    expect(keys?.find(undefined, 'EdDSA')).toBe(first);
  });
});
