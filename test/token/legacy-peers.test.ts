import { expect, test } from '@jest/globals';
import type { JsonObject } from '../../src/base/json.js';
import { createIssuerAndVerifier } from '../support/issuer-and-verifier.js';
import { describeWithJwcrypto, runJwcrypto } from '../support/jwcrypto.js';
import { CJOSE, CRYPT_JWT, describeWithPeer, runPeer } from '../support/legacy-peers.js';
import { LEGACY, LEGACY_CLAIMS, LEGACY_KEY_HEX } from '../support/legacy-tokens.js';
import { AUDIENCE, clock, createRing, ISSUER } from '../support/tokens.js';

const service = createIssuerAndVerifier({
  keyRing: await createRing(),
  issuer: ISSUER,
  audience: AUDIENCE,
  clock,
  legacy: LEGACY,
});

const CLAIMS: readonly JsonObject[] = [LEGACY_CLAIMS.models, LEGACY_CLAIMS.functions, LEGACY_CLAIMS.bare];
const PAYLOADS = CLAIMS.map((claims) => JSON.stringify(claims));
/** The member order of each library follows that of the object. */
const HEADERS = [
  { alg: 'dir', enc: 'A256GCM' },
  { enc: 'A256GCM', alg: 'dir' },
];

const claimsOf = async (token: string) => (await service.verify(token)).claims;

const headersOf = (tokens: readonly string[]) =>
  new Set(tokens.map((token) => Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()));

describeWithJwcrypto('tokens of jwcrypto whose header has spaces', () => {
  const key = { kty: 'oct', k: Buffer.from(LEGACY_KEY_HEX, 'hex').toString('base64url') };
  const write = (plaintext: string) =>
    runJwcrypto(HEADERS.map((header) => ({ action: 'encrypt', key, header, plaintext }) as const));

  test('are read, in either order of the members', async () => {
    const tokens = PAYLOADS.flatMap(write);

    expect(headersOf(tokens)).toEqual(
      new Set(['{"alg": "dir", "enc": "A256GCM"}', '{"enc": "A256GCM", "alg": "dir"}']),
    );
    for (const [index, claims] of CLAIMS.entries()) {
      expect(await claimsOf(tokens[2 * index] ?? '')).toMatchObject(claims);
      expect(await claimsOf(tokens[2 * index + 1] ?? '')).toMatchObject(claims);
    }
  });

  test('are rejected with a third member', async () => {
    const header = { alg: 'dir', enc: 'A256GCM', typ: 'JWT' };
    const [token = ''] = runJwcrypto([{ action: 'encrypt', key, header, plaintext: PAYLOADS[0] ?? '' }]);

    await expect(service.verify(token)).rejects.toMatchObject({ reason: 'header_invalid_member' });
  });
});

describeWithPeer(CJOSE, 'tokens of cjose', () => {
  const write = (headers: readonly object[]) =>
    runPeer(CJOSE, { key: LEGACY_KEY_HEX, headers, payloads: PAYLOADS });

  test('are read, in either order of the members', async () => {
    const tokens = write(HEADERS);

    expect(headersOf(tokens)).toEqual(
      new Set(['{"alg": "dir", "enc": "A256GCM"}', '{"enc": "A256GCM", "alg": "dir"}']),
    );
    for (const [index, claims] of [...CLAIMS, ...CLAIMS].entries()) {
      expect(await claimsOf(tokens[index] ?? '')).toMatchObject(claims);
    }
  });

  test('are rejected with a third member', async () => {
    const [token = ''] = write([{ alg: 'dir', enc: 'A256GCM', typ: 'JWT' }]);

    await expect(service.verify(token)).rejects.toMatchObject({ reason: 'header_invalid_member' });
  });
});

describeWithPeer(CRYPT_JWT, "tokens of Perl's Crypt::JWT", () => {
  test('are read, in any order of the members that Perl writes', async () => {
    // Of 64 tokens, each with one of two orders, the chance that all have the same is 1 in 2^63.
    const payloads = Array.from({ length: 64 }, (_, index) => PAYLOADS[index % PAYLOADS.length]);
    const tokens = runPeer(CRYPT_JWT, { key: LEGACY_KEY_HEX, payloads });

    expect(headersOf(tokens)).toEqual(
      new Set(['{"alg":"dir","enc":"A256GCM"}', '{"enc":"A256GCM","alg":"dir"}']),
    );
    for (const [index, token] of tokens.entries()) {
      expect(await claimsOf(token)).toMatchObject(CLAIMS[index % CLAIMS.length] ?? {});
    }
  });
});
