import { describe, expect, test } from '@jest/globals';
import { calculateJwkThumbprint } from 'jose';
import { jwkThumbprint } from '../../src/keys/jwk-thumbprint.js';
import { generateEc, generateOkp, generateRsa, generateShared } from '../support/key-pairs.js';

describe('the thumbprint', () => {
  test('matches the vector of RFC 7638 §3.1', () => {
    const jwk = {
      kty: 'RSA',
      n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
      e: 'AQAB',
      alg: 'RS256',
      kid: '2011-04-29',
    };

    expect(jwkThumbprint(jwk)).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
  });

  test('is the one of jose, for both halves of every type', async () => {
    for (const { privateJwk, publicJwk } of [generateRsa(), generateEc('P-521'), generateOkp('x25519')]) {
      const expected = await calculateJwkThumbprint(publicJwk);
      expect([jwkThumbprint(privateJwk), jwkThumbprint(publicJwk)]).toEqual([expected, expected]);
    }
    const shared = generateShared('dir');
    expect(jwkThumbprint(shared)).toBe(await calculateJwkThumbprint(shared));
  });

  test('of an unknown type is a TypeError', () => {
    expect(() => jwkThumbprint({ kty: 'AKP' })).toThrow(
      new TypeError('kty must be EC, OKP, RSA or oct: correct kty of the JWK'),
    );
  });
});
