import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createProofKeyReader } from '../../src/verify/dpop/proof-keys.js';
import { createProofSigner } from '../support/dpop-proofs.js';

/** Read the header of a proof whose RSA key has a random modulus. */
function readKeyOfLength(bits: number) {
  const n = randomBytes(bits / 8);
  n[0] = 0xff;
  const jwk = { kty: 'RSA', n: n.toString('base64url'), e: Buffer.from([1, 0, 1]).toString('base64url') };
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

describe('a client that varies the header of its proofs', () => {
  const [flooder, other] = [createProofSigner('EdDSA'), createProofSigner('EdDSA')];

  /** Read and keep the header of a signer as for a proof with a valid signature. */
  function createUse() {
    const reader = createProofKeyReader(['EdDSA']);
    return ({ jwk }: typeof other, kid: string) => {
      const header = { typ: 'dpop+jwt', alg: 'EdDSA', jwk, kid };
      const key = reader.read(JSON.stringify(header), () => header);
      if (typeof key === 'string') throw new Error(key);
      reader.keep(JSON.stringify(header), key);
      return key;
    };
  }

  test('causes one import of its key', () => {
    const use = createUse();

    expect(use(flooder, 'b')).toBe(use(flooder, 'a'));
  });

  test('does not cause imports of the keys of other clients', () => {
    const use = createUse();
    const known = use(other, '');
    for (let n = 0; n < 1001; n += 1) use(flooder, `${n}`);

    expect(use(other, '')).toBe(known);
  });
});
