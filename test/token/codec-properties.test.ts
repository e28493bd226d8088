import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { isJsonObject, type JsonObject } from '../../src/base/json.js';
import type { DirectKey } from '../../src/keys/content-key.js';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { encryptToken } from '../../src/token/encrypt-token.js';
import { withoutProof } from '../../src/token/proof-of-issuance.js';
import { direct } from '../support/symmetric-key.js';
import { AUDIENCE, secretOf } from '../support/tokens.js';
import { decryptWith, verdictOn } from '../support/verdicts.js';

const SEED = 71_001;

/** Any UTF-16 at all, halves of surrogate pairs included. */
const anyText = fc.array(fc.nat(0xffff), { maxLength: 20 }).map((units) => String.fromCharCode(...units));

const anyName = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('__proto__', 'constructor', 'exp', ''),
);

const anyClaims = fc
  .dictionary(anyName, fc.oneof(fc.jsonValue({ maxDepth: 5 }), anyText), {
    maxKeys: 12,
    noNullPrototype: true,
  })
  .map(asJson)
  .filter((claims) => JSON.stringify(claims).length < 5000);

/** As it comes out of JSON, which knows neither negative zero nor prototypes. */
function asJson(value: object): JsonObject {
  const parsed: unknown = JSON.parse(JSON.stringify(value));
  if (!isJsonObject(parsed)) throw new Error('No object came out');
  return parsed;
}

let ring: KeyRing;
let key: DirectKey;

async function openRing(enc: 'A128GCM' | 'A192GCM' | 'A256GCM' = 'A256GCM'): Promise<void> {
  ring = await createKeyRing({ current: { secret: secretOf(1) }, enc });
  key = direct(internalsOf(ring).encryptionKey('access', AUDIENCE));
}

const seal = (claims: object): string => encryptToken(claims, key, { typ: 'at+jwt' });
const open = async (token: string) => decryptWith(ring, token);

describe.each(['A128GCM', 'A192GCM', 'A256GCM'] as const)('any claims, with %s', (enc) => {
  beforeAll(() => openRing(enc));

  test('are decrypted unchanged, and encrypted differently each time', async () => {
    await fc.assert(
      fc.asyncProperty(anyClaims, async (claims) => {
        const token = seal(claims);
        expect(JSON.stringify((await open(token)).claims)).toBe(JSON.stringify(claims));
        expect(seal(claims)).not.toBe(token);
      }),
      { seed: SEED, numRuns: 100 },
    );
  });

  test('are decrypted by jose if we encrypted them', async () => {
    await fc.assert(
      fc.asyncProperty(anyClaims, async (claims) => {
        const { plaintext, protectedHeader } = await compactDecrypt(seal(claims), key.secret);
        expect(withoutProof(new TextDecoder().decode(plaintext))).toBe(JSON.stringify(claims));
        expect(protectedHeader).toEqual({ alg: 'dir', enc, kid: key.kid, typ: 'at+jwt' });
      }),
      { seed: SEED, numRuns: 100 },
    );
  });

  test('are decrypted by us if jose encrypted them, in any spelling', async () => {
    await fc.assert(
      fc.asyncProperty(anyClaims, fc.constantFrom(undefined, 1, '\t'), async (claims, space) => {
        const token = await new CompactEncrypt(Buffer.from(JSON.stringify(claims, undefined, space)))
          .setProtectedHeader({ alg: 'dir', enc, kid: key.kid, typ: 'at+jwt' })
          .encrypt(key.secret);
        fc.pre(token.length <= 8192);
        expect(JSON.stringify((await open(token)).claims)).toBe(JSON.stringify(claims));
      }),
      { seed: SEED, numRuns: 100 },
    );
  });
});

describe('no token is opened', () => {
  beforeAll(() => openRing());

  test('with any piece of it replaced by any text', async () => {
    const anyPiece = fc.oneof(anyText, fc.string({ unit: fc.constantFrom(...'AZaz09-_.=+/ \n') }));
    await fc.assert(
      fc.asyncProperty(anyClaims, fc.nat(), fc.nat(8), anyPiece, async (claims, start, length, piece) => {
        const token = seal(claims);
        const at = start % (token.length + 1);
        const altered = token.slice(0, at) + piece + token.slice(at + length);
        fc.pre(altered !== token);
        expect(await verdictOn(altered, ring)).not.toBe('accepted');
      }),
      { seed: SEED, numRuns: 1500 },
    );
  });

  test('with any of its bits changed under the spelling', async () => {
    await fc.assert(
      fc.asyncProperty(anyClaims, fc.nat(), fc.nat(7), async (claims, start, bit) => {
        const parts = seal(claims).split('.');
        const index = [0, 2, 3, 4][start % 4] ?? 0;
        const bytes = Buffer.from(parts[index] ?? '', 'base64url');
        const at = start % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
        parts[index] = bytes.toString('base64url');
        expect(await verdictOn(parts.join('.'), ring)).not.toBe('accepted');
      }),
      { seed: SEED, numRuns: 800 },
    );
  });

  test('that is assembled from parts of two tokens', async () => {
    const choices = fc.array(fc.boolean(), { minLength: 5, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(anyClaims, anyClaims, choices, async (one, other, fromOther) => {
        const tokens = [seal(one).split('.'), seal(other).split('.')];
        const mixed = fromOther.map((isOther, index) => tokens[isOther ? 1 : 0]?.[index]).join('.');
        fc.pre(tokens.every((parts) => parts.join('.') !== mixed));
        expect(await verdictOn(mixed, ring)).not.toBe('accepted');
      }),
      { seed: SEED, numRuns: 400 },
    );
  });

  test('if it is any text, or any five segments', async () => {
    const five = fc.array(anyText, { minLength: 5, maxLength: 5 });
    const encoded = five.map((texts) => texts.map((text) => Buffer.from(text).toString('base64url')));
    await fc.assert(
      fc.asyncProperty(fc.oneof(anyText, five.map(joined), encoded.map(joined)), async (text) => {
        expect(await verdictOn(text, ring)).not.toBe('accepted');
      }),
      { seed: SEED, numRuns: 800 },
    );
  });
});

function joined(parts: readonly string[]): string {
  return parts.join('.');
}
