import { isDeepStrictEqual } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { CompactEncrypt, compactDecrypt, EncryptJWT, errors, jwtDecrypt } from 'jose';
import { InvalidTokenError } from '../../src/base/errors.js';
import type { TokenRejection } from '../../src/base/rejections.js';
import type { DirectKey } from '../../src/keys/content-key.js';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { encryptToken } from '../../src/token/encrypt-token.js';
import { forgeToken } from '../support/forge-token.js';
import { MUTATIONS } from '../support/mutate-token.js';
import { createRandom } from '../support/random.js';
import { direct } from '../support/symmetric-key.js';
import { AUDIENCE, claimsOf, NOW, secretOf } from '../support/tokens.js';
import { decryptWith } from '../support/verdicts.js';

const ENCRYPTIONS = ['A128GCM', 'A192GCM', 'A256GCM'] as const;
const ROUNDS = 150;

/** Where we refuse what jose opens, and why. Everywhere else the two agree. */
const STRICTER: Partial<Record<TokenRejection, string>> = {
  too_long: 'a token of over 8 KiB is not looked at; jose leaves lengths to its caller',
  not_base64url:
    'one token has one spelling (RFC 7515 section 2); the atob of jose forgives padding and more',
  header_too_long: 'a header of over 1 KiB is not parsed',
  header_not_json: 'RFC 8259 section 8.1 forbids a byte order mark, which the TextDecoder of jose drops',
  header_duplicate_member: 'RFC 7516 section 4 forbids it; JSON.parse takes the last of them',
  header_refused_member: 'jose ignores jku, jwk, x5u, x5c and p2c where it needs none; it inflates zip',
  header_invalid_member: 'a token names its key; jose is handed one. And headers nest four levels at most',
  content_type: 'a nested token is not a claims set; jose leaves cty to its caller',
  unknown_key: 'the kid names the one key; jose is handed one whatever the kid says',
  claims_not_json: 'RFC 8259 section 8.1 forbids a byte order mark',
  claims_too_deep: 'claims nest 16 levels at most',
};

type Opened = { readonly header: object; readonly claims: object };

async function openByUs(token: string, keyRing: KeyRing): Promise<Opened | TokenRejection> {
  try {
    const { header, claims } = await decryptWith(keyRing, token);
    return { header, claims };
  } catch (error) {
    if (error instanceof InvalidTokenError) return error.reason;
    throw error;
  }
}

async function openByJose(token: string, key: DirectKey): Promise<Opened | string> {
  try {
    const { protectedHeader, payload } = await jwtDecrypt(token, key.secret, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: [key.enc],
      currentDate: new Date(NOW * 1000),
    });
    return { header: protectedHeader, claims: payload };
  } catch (error) {
    if (error instanceof errors.JOSEError) return error.code;
    throw error;
  }
}

describe.each(ENCRYPTIONS)('with %s', (enc) => {
  let ring: KeyRing;
  let key: DirectKey;

  beforeAll(async () => {
    ring = await createKeyRing({ current: { secret: secretOf(1) }, enc });
    key = direct(internalsOf(ring).encryptionKey('access', AUDIENCE));
  });

  test('jose opens what we encrypt', async () => {
    const token = encryptToken(claimsOf(), key, { typ: 'at+jwt', header: { extra: ['é'] } });
    const { plaintext, protectedHeader } = await compactDecrypt(token, key.secret);
    expect(JSON.parse(Buffer.from(plaintext).toString())).toEqual({
      ...claimsOf(),
      provenance: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(protectedHeader).toEqual({ alg: 'dir', enc, kid: key.kid, typ: 'at+jwt', extra: ['é'] });
    expect(await jwtDecrypt(token, key.secret, { currentDate: new Date(NOW * 1000) })).toMatchObject({
      payload: claimsOf(),
    });
  });

  test('we open what EncryptJWT of jose encrypts', async () => {
    const token = await new EncryptJWT({ sub: 'Zoë' })
      .setProtectedHeader({ alg: 'dir', enc, kid: key.kid, typ: 'at+jwt' })
      .encrypt(key.secret);
    expect(await openByUs(token, ring)).toEqual({
      header: { alg: 'dir', enc, kid: key.kid, typ: 'at+jwt' },
      claims: { sub: 'Zoë' },
    });
  });

  test('we open what CompactEncrypt of jose encrypts', async () => {
    const token = await new CompactEncrypt(Buffer.from(JSON.stringify(claimsOf())))
      .setProtectedHeader({ kid: key.kid, enc, alg: 'dir' })
      .encrypt(key.secret);
    expect(await openByUs(token, ring)).toMatchObject({ claims: claimsOf() });
  });

  test(`we agree with jose on ${ROUNDS * Object.keys(MUTATIONS).length} mutated tokens, or are the stricter ones`, async () => {
    const random = createRandom(Number(enc.slice(1, 4)));
    const disagreements: string[] = [];
    const stricterBy = new Set<string>();
    const agreed = { accepted: 0, refused: 0 };

    for (const [name, mutate] of Object.entries(MUTATIONS)) {
      for (let round = 0; round < ROUNDS; round += 1) {
        const iv = Buffer.from(Array.from({ length: 12 }, () => Math.floor(random() * 256)));
        const token = mutate(forgeToken(key, { iv }), key, random);
        const ours = await openByUs(token, ring);
        const theirs = await openByJose(token, key);

        if (typeof ours === 'string' && typeof theirs === 'string') agreed.refused += 1;
        else if (typeof ours === 'string') {
          stricterBy.add(ours);
          if (!Object.hasOwn(STRICTER, ours)) disagreements.push(`${name}: only jose opens it (${ours})`);
        } else if (typeof theirs === 'string') {
          disagreements.push(`${name}: only we open it (${theirs})`);
        } else if (isDeepStrictEqual(ours, theirs)) agreed.accepted += 1;
        else disagreements.push(`${name}: opened otherwise`);
      }
    }

    expect(disagreements).toEqual([]);
    expect([...stricterBy].sort()).toEqual(Object.keys(STRICTER).sort());
    expect(agreed.accepted).toBeGreaterThan(ROUNDS);
    expect(agreed.refused).toBeGreaterThan(ROUNDS);
  });

  test.each([
    { iss: 'https://evil.example.com' },
    { sub: 'somebody else' },
    { aud: 'https://other.example.com' },
  ])('we are as strict as jose on a claim that the header repeats otherwise: %j', async (header) => {
    const token = forgeToken(key, { header });
    expect(await openByJose(token, key)).toBe('ERR_JWT_CLAIM_VALIDATION_FAILED');
    expect(typeof (await openByUs(token, ring))).toBe('string');
  });
});
