import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createProofKeyReader } from '../../src/verify/dpop/proof-keys.js';

/** Read the header of a proof whose RSA key has a random modulus. */
function readKeyOfLength(bits: number) {
  const n = randomBytes(bits / 8);
  n[0] = 0xff;
  const jwk = { kty: 'RSA', n: n.toString('base64url'), e: 'AQAB' };
  return createProofKeyReader(['RS256']).read('header', () => ({ typ: 'dpop+jwt', alg: 'RS256', jwk }));
}

describe('RSA keys of DPoP proofs', () => {
  test('are rejected above 4096 bits without an import, which would stall the server', () => {
    expect(readKeyOfLength(4104)).toBe('proof_key');
    expect(readKeyOfLength(8192)).toBe('proof_key');
  });

  test('are read up to 4096 bits', () => {
    expect(readKeyOfLength(4096)).toMatchObject({ jkt: expect.any(String) });
  });
});
