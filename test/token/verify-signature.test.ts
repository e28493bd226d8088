import { constants, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  VERIFICATION_ALGORITHMS,
  type VerificationAlgorithm,
} from '../../src/keys/verification-algorithms.js';
import { verifySignature } from '../../src/token/verify-signature.js';
import { failuresOf } from '../support/failures-of.js';
import { generateEc, generateOkp, generateRsa } from '../support/key-pairs.js';
import {
  createSignatureCases,
  type SigningParts,
  signBytes,
  signCompact,
  verifyByJose,
  verifyIfValid,
} from '../support/signature-cases.js';
import { untypedValue } from '../support/untyped.js';

const CASES = new Map(createSignatureCases().map((each) => [each.alg, each]));
const INPUT = Buffer.from('header.payload');

function caseOf(alg: VerificationAlgorithm) {
  const each = CASES.get(alg);
  if (each === undefined) throw new Error('No such algorithm');
  return each;
}

/** Whether a signature, made in another way, is valid for the key of an algorithm. */
function accepts(alg: VerificationAlgorithm, signature: Uint8Array, publicKey?: KeyObject): boolean {
  const { key } = caseOf(alg);
  return verifySignature(INPUT, signature, publicKey === undefined ? key : { ...key, publicKey });
}

function signed(alg: VerificationAlgorithm, parts: SigningParts = {}): Buffer {
  return signBytes(alg, INPUT, caseOf(alg).privateKey, parts);
}

describe.each(VERIFICATION_ALGORITHMS)('%s', (alg) => {
  test('verifies a JWS that jose verifies', async () => {
    const jws = signCompact(caseOf(alg), 'payload');
    expect(verifyIfValid(jws, caseOf(alg).key)).toBe('payload');
    expect(await verifyByJose(jws, caseOf(alg).key)).toBe('payload');
  });

  test('rejects each altered byte of the signature and of the input', () => {
    const signature = signed(alg);
    expect(accepts(alg, signature)).toBe(true);
    const flip = (bytes: Buffer, at: number) => {
      const copy = Buffer.from(bytes);
      copy[at] = (copy[at] ?? 0) ^ 0x10;
      return copy;
    };
    const accepted = [...signature.keys()].filter((at) => accepts(alg, flip(signature, at)));
    expect(accepted).toEqual([]);
    for (const at of INPUT.keys()) {
      expect(verifySignature(flip(INPUT, at), signature, caseOf(alg).key)).toBe(false);
    }
  });

  test('rejects a signature that is shorter or longer', () => {
    const signature = signed(alg);
    const zero = Buffer.alloc(1);
    expect(accepts(alg, signature.subarray(1))).toBe(false);
    expect(accepts(alg, signature.subarray(0, -1))).toBe(false);
    expect(accepts(alg, Buffer.concat([signature, zero]))).toBe(false);
    expect(accepts(alg, Buffer.concat([zero, signature]))).toBe(false);
    expect(accepts(alg, Buffer.alloc(0))).toBe(false);
    expect(accepts(alg, Buffer.alloc(signature.length))).toBe(false);
  });

  test('rejects signatures of all other algorithms', () => {
    const names = { EdDSA: 'Ed25519', Ed25519: 'EdDSA' };
    const accepted = VERIFICATION_ALGORITHMS.filter((other) => accepts(alg, signed(other)));
    const same = Object.entries(names).flatMap(([one, other]) => (one === alg ? [other] : []));
    expect([...accepted].sort()).toEqual([alg, ...same].sort());
  });
});

describe('ECDSA', () => {
  const ALGORITHMS = ['ES256', 'ES384', 'ES512'] as const;

  test('rejects signatures in DER', () => {
    expect(ALGORITHMS.filter((alg) => accepts(alg, signed(alg, { dsaEncoding: 'der' })))).toEqual([]);
  });

  test('rejects signatures with another hash', () => {
    const accepted = ALGORITHMS.filter((alg) => {
      const hash = alg === 'ES256' ? 'sha512' : 'sha256';
      return accepts(alg, signed(alg, { hash }));
    });
    expect(accepted).toEqual([]);
  });
});

describe('RSA', () => {
  test('rejects PSS signatures with another salt length', async () => {
    const { RSA_PSS_SALTLEN_MAX_SIGN: max } = constants;
    const failures = await failuresOf(['PS256', 'PS384', 'PS512'] as const, (alg) => {
      const bytes = Number(alg.slice(2)) / 8;
      expect(accepts(alg, signed(alg, { saltLength: bytes }))).toBe(true);
      for (const saltLength of [0, bytes - 1, bytes + 1, max]) {
        expect([saltLength, accepts(alg, signed(alg, { saltLength }))]).toEqual([saltLength, false]);
      }
    });
    expect(failures).toEqual([]);
  });

  test('rejects PKCS #1 signatures under PSS, and the reverse', () => {
    const { RSA_PKCS1_PADDING: pkcs1, RSA_PKCS1_PSS_PADDING: pss } = constants;
    expect(accepts('PS256', signed('PS256', { padding: pkcs1 }))).toBe(false);
    expect(accepts('RS256', signed('RS256', { padding: pss, saltLength: 32 }))).toBe(false);
  });
});

describe('a key that does not match its alg', () => {
  const publicKeyOf = (jwk: object) => createPublicKey({ key: { ...jwk }, format: 'jwk' });
  const KEYS: readonly (readonly [name: string, alg: VerificationAlgorithm, key: KeyObject])[] = [
    ['P-384 for ES256', 'ES256', publicKeyOf(generateEc('P-384').publicJwk)],
    ['secp256k1 for ES256', 'ES256', publicKeyOf(generateEc('secp256k1').publicJwk)],
    ['RSA for ES256', 'ES256', publicKeyOf(generateRsa().publicJwk)],
    ['Ed25519 for RS256', 'RS256', publicKeyOf(generateOkp('ed25519').publicJwk)],
    ['Ed448 for EdDSA', 'EdDSA', publicKeyOf(generateOkp('ed448').publicJwk)],
    ['X25519 for Ed25519', 'Ed25519', publicKeyOf(generateOkp('x25519').publicJwk)],
    ['RSA of 1024 bits', 'RS256', publicKeyOf(generateRsa({}, 1024).publicJwk)],
    ['the private key', 'RS256', caseOf('RS256').privateKey],
  ];

  test('verifies nothing', async () => {
    const failures = await failuresOf(
      KEYS.map(([name]) => name),
      (name) => {
        const [, alg = 'EdDSA', key] = KEYS.find(([each]) => each === name) ?? [];
        expect(accepts(alg, signed(alg), key)).toBe(false);
      },
    );
    expect(failures).toEqual([]);
  });

  test('verifies not even its own signature, if it is an RSA key of 1024 bits', () => {
    const { privateJwk } = generateRsa({}, 1024);
    const privateKey = createPrivateKey({ key: { ...privateJwk }, format: 'jwk' });
    const signature = signBytes('RS256', INPUT, privateKey);
    expect(accepts('RS256', signature, createPublicKey(privateKey))).toBe(false);
  });

  test.each(['none', 'HS256', 'RS1', 'ES256K', '__proto__', 'constructor', ''])(
    'verifies nothing with alg %j',
    (alg) => {
      const key = { ...caseOf('RS256').key, alg: untypedValue(alg) };
      expect(verifySignature(INPUT, signed('RS256'), key)).toBe(false);
    },
  );
});
