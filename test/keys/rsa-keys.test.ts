import { createPublicKey, generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { findModulusFault } from '../../src/keys/find-modulus-fault.js';
import { hasRocaFingerprint } from '../../src/keys/has-roca-fingerprint.js';
import type { Jwk } from '../../src/keys/jwk.js';
import { parseJwk } from '../../src/keys/parse-jwk.js';
import { parseSigningKey, parseVerificationKey } from '../../src/keys/signature-key.js';
import { thrownBy } from '../support/caught.js';
import { generateRsa } from '../support/key-pairs.js';
import {
  decodeInteger,
  encodeInteger,
  modulusOf,
  primeFrom,
  primeOf,
  rocaPrime,
  roughFrom,
  rsaJwk,
} from '../support/rsa-numbers.js';

const SIGNER = { kid: 'signer', alg: 'RS256' };

function messageOf(run: () => unknown): string {
  const error = thrownBy(run);
  if (!(error instanceof TypeError)) throw error;
  return error.message;
}

/** What is said of a public key with this modulus, both for signatures and for encryption. */
function faultOf(n: bigint, members: Jwk = {}): string {
  const jwk = { kty: 'RSA', kid: 'a', n: encodeInteger(n), e: 'AQAB', ...members };
  const message = messageOf(() => parseVerificationKey({ ...jwk, alg: 'RS256' }));
  expect(messageOf(() => parseJwk({ ...jwk, alg: 'RSA-OAEP-256' }))).toBe(message);
  expect(message).toMatch(/^the JWK is not a valid RSA key: .*; generate a new key pair$/);
  return message.slice('the JWK is not a valid RSA key: '.length, -'; generate a new key pair'.length);
}

describe('an RSA key is rejected', () => {
  test('if its modulus is even', () => {
    expect(faultOf(modulusOf(2048) - 1n)).toBe('n is even');
  });

  test.each([3n, 5n, 257n, 4093n])('if its modulus has the prime factor %i', (prime) => {
    expect(faultOf(prime * modulusOf(2048))).toBe('n has a small prime factor');
  });

  test('if its modulus is the square of a prime', () => {
    expect(faultOf(primeOf(1024) ** 2n)).toBe('n is a perfect power');
  });

  test.each([3, 5, 89])('if its modulus is the power of a prime by %i', (exponent) => {
    expect(faultOf(primeOf(Math.ceil(2080 / exponent)) ** BigInt(exponent))).toBe('n is a perfect power');
  });

  test('if its modulus is a prime', () => {
    expect(faultOf(primeOf(2048))).toBe('n is prime, not a product of two primes');
  });

  test('if its primes follow each other', () => {
    const p = primeOf(1024);
    expect(faultOf(p * primeFrom(p + 2n))).toBe('the prime factors of n are too close together');
  });

  test('if its primes have their upper half in common (CVE-2022-26320)', () => {
    const p = primeOf(1024);
    expect(faultOf(p * primeFrom(p + 2n ** 515n))).toBe('the prime factors of n are too close together');
  });

  test.each([
    ['just above a power of two', 2n ** 2047n + 1n],
    ['just below a power of two', 2n ** 2048n - 65_537n],
    ['the product of primes next to powers of two', primeFrom(2n ** 1023n) * primeFrom(2n ** 1024n - 2000n)],
    [
      'sparse',
      2n ** 2047n + [...Array(20).keys()].reduce((sum, each) => sum + 2n ** BigInt(each * each * 5), 0n),
    ],
    ['a pattern of 24 bytes, repeated', repeated(modulusOf(192).toString(16), 2048)],
    ['random, but for one half that repeats', repeated(modulusOf(1024).toString(16), 2048)],
    ['random, but for a run of 20 zero bytes', (modulusOf(1024) << 1184n) + modulusOf(1024)],
    ['of bytes whose upper half is zero', repeated('0', 8) + sparseBytes(2048)],
  ])('if its modulus is %s', (_name, start) => {
    expect(faultOf(roughFrom(start))).toBe('n has a special form that random primes do not produce');
  });

  test.each([126, 71, 39])('if its primes are of the ROCA form over %i primes', (primorialOf) => {
    const n = rocaPrime(1024, primorialOf) * rocaPrime(1024, primorialOf);
    expect(faultOf(n)).toBe('n has the ROCA fingerprint (CVE-2017-15361)');
  });

  test.each([
    ['an empty array', []],
    ['a third prime', [{ r: encodeInteger(primeOf(64)), d: 'Aw', t: 'Aw' }]],
    ['null', null],
  ])('if it has oth: %s', (_name, oth) => {
    const { privateJwk, publicJwk } = generateRsa(SIGNER);
    for (const run of [
      () => parseVerificationKey({ ...publicJwk, oth }),
      () => parseSigningKey({ ...privateJwk, oth }),
      () => parseJwk({ ...privateJwk, alg: 'RSA-OAEP-256', oth }),
    ]) {
      expect(messageOf(run)).toBe(
        'the JWK is not a valid RSA key: oth is not supported; use a key with two primes (RFC 7518 §6.3.2.7)',
      );
    }
  });
});

describe('generated RSA keys', () => {
  test('of 2048 and 3072 bits pass every test of the modulus', async () => {
    const faults: unknown[] = [];
    for (const modulusLength of [...Array(20).fill(2048), 3072, 3072]) {
      const { publicKey } = await generate('rsa', { modulusLength, ...PEM });
      faults.push(findModulusFault(decodeInteger(createPublicKey(publicKey).export({ format: 'jwk' }).n)));
    }
    expect(faults.filter((fault) => fault !== undefined)).toEqual([]);
  });

  test('of the card that CVE-2017-15361 is about have its fingerprint', () => {
    expect(hasRocaFingerprint(rocaPrime(512, 71) * rocaPrime(512, 71))).toBe(true);
  });

  test('with one prime of the ROCA form have no fingerprint', () => {
    expect(hasRocaFingerprint(rocaPrime(1024, 126) * primeOf(1024))).toBe(false);
  });
});

describe('the private half of an RSA key', () => {
  let jwk: Jwk;
  let p: bigint;
  let q: bigint;

  beforeAll(() => {
    [p, q] = [primeOf(1024), primeOf(1024)];
    jwk = rsaJwk(p, q, SIGNER);
  });

  const faultWith = (members: Jwk): string => {
    const message = messageOf(() => parseSigningKey({ ...jwk, ...members }));
    expect(messageOf(() => parseJwk({ ...jwk, ...members, alg: 'RSA-OAEP-256' }))).toBe(message);
    for (const value of Object.values({ ...jwk, ...members })) {
      if (String(value).length > 20) expect(message).not.toContain(value);
    }
    return message.replace(/^the private key of the RSA JWK is not valid: /, '');
  };
  const integer = (name: string) => decodeInteger(jwk[name]);

  test('is accepted as the numbers say', () => {
    expect(parseSigningKey(jwk)).toMatchObject({ kid: 'signer' });
  });

  test('may have d modulo the least common multiple of p - 1 and q - 1 (RFC 8017 section 3.2)', () => {
    const d = integer('d') % (((p - 1n) * (q - 1n)) / 2n);
    expect(parseSigningKey({ ...jwk, d: encodeInteger(d) })).toMatchObject({ kid: 'signer' });
  });

  test('is rejected if its primes are swapped and the exponents are not', () => {
    expect(faultWith({ p: jwk['q'], q: jwk['p'] })).toBe(
      'dp is not d modulo p - 1; export the key pair again',
    );
  });

  test('is rejected if the exponents of its primes are swapped', () => {
    expect(faultWith({ dp: jwk['dq'], dq: jwk['dp'] })).toBe(
      'dp is not d modulo p - 1; export the key pair again',
    );
  });

  test('is rejected if q is that of another key', () => {
    expect(faultWith({ q: encodeInteger(primeOf(1024)) })).toBe(
      'p times q is not n; export the key pair again',
    );
  });

  test('is rejected if n is that of another key', () => {
    expect(faultWith({ n: generateRsa().publicJwk['n'] })).toBe(
      'p times q is not n; export the key pair again',
    );
  });

  test('is rejected if p is 1 and q is n', () => {
    expect(faultWith({ p: 'AQ', q: jwk['n'] })).toBe('p and q must be odd primes; export the key pair again');
  });

  test('is rejected if a prime is even', () => {
    expect(faultWith({ q: 'Ag' })).toBe('p and q must be odd primes; export the key pair again');
  });

  test('is rejected if d does not invert e, though dp and dq follow from it', () => {
    const d = integer('d') + 2n;
    const members = { d, dp: d % (p - 1n), dq: d % (q - 1n) };
    const encoded = Object.entries(members).map(([name, value]) => [name, encodeInteger(value)]);
    expect(faultWith(Object.fromEntries(encoded))).toBe(
      'd does not match e, p and q; export the key pair again',
    );
  });

  test('is rejected if d is not less than n', () => {
    const d = integer('d') + (p - 1n) * (q - 1n) * 2n;
    expect(faultWith({ d: encodeInteger(d) })).toBe('d must be less than n; export the key pair again');
  });

  test.each(['dp', 'dq'])('is rejected if %s is another number', (member) => {
    const prime = member === 'dp' ? 'p' : 'q';
    expect(faultWith({ [member]: encodeInteger(integer(member) + integer(prime) - 1n) })).toBe(
      `${member} is not d modulo ${prime} - 1; export the key pair again`,
    );
  });

  test.each([
    ['another number', () => integer('qi') + 2n],
    ['not reduced', () => integer('qi') + p],
  ])('is rejected if qi is %s', (_name, value) => {
    expect(faultWith({ qi: encodeInteger(value()) })).toBe(
      'qi is not the inverse of q modulo p; export the key pair again',
    );
  });

  test('is rejected if a factor is composite', () => {
    const composite = rsaJwk(p * primeOf(512), q, SIGNER);
    expect(messageOf(() => parseSigningKey(composite))).toBe(
      'the private key of the RSA JWK does not match its public key: export both again',
    );
  });

  test('is rejected if it has d alone', () => {
    expect(faultWith({ p: undefined, q: undefined, dp: undefined, dq: undefined, qi: undefined })).toBe(
      'it lacks p, q, dp, dq, qi; export it with d, p, q, dp, dq and qi (RFC 7518 §6.3.2)',
    );
  });

  test.each(['p', 'q', 'dp', 'dq', 'qi'])('is rejected if %s alone is missing', (member) => {
    expect(faultWith({ [member]: undefined })).toBe(
      `it lacks ${member}; export it with d, p, q, dp, dq and qi (RFC 7518 §6.3.2)`,
    );
  });

  test.each(['p', 'q', 'dp', 'dq', 'qi'])('is rejected if %s is there without d', (member) => {
    const { n, e } = jwk;
    expect(
      messageOf(() => parseVerificationKey({ kty: 'RSA', ...SIGNER, n, e, [member]: jwk[member] })),
    ).toBe('the JWK is not a valid RSA key: it has private members but no d; remove them, or add d');
  });
});

const PEM = {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
} as const;
const generate = promisify(generateKeyPair);

/** A hexadecimal pattern, repeated up to a number of so many bits. */
function repeated(pattern: string, bits: number): bigint {
  return BigInt(`0x${pattern.repeat(Math.ceil(bits / 4 / pattern.length)).slice(0, bits / 4)}`);
}

/** A number whose every byte is below 16, as it were a polynomial of small coefficients. */
function sparseBytes(bits: number): bigint {
  const random = modulusOf(bits).toString(16).split('');
  return BigInt(
    `0x8${random
      .map((digit, index) => (index % 2 === 1 ? digit : '0'))
      .join('')
      .slice(1)}`,
  );
}
