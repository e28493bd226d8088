import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../src/base/json.js';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { encryptToken } from '../../src/token/encrypt-token.js';
import { thrownBy } from '../support/caught.js';
import { AUDIENCE, claimsOf, createRing, secretOf } from '../support/tokens.js';
import { decryptWith } from '../support/verdicts.js';

const ENCRYPTIONS = ['A128GCM', 'A192GCM', 'A256GCM'] as const;

async function createKey() {
  return internalsOf(await createRing()).encryptionKey('access', AUDIENCE);
}

function partsOf(token: string): string[] {
  return token.split('.');
}

function headerTextOf(token: string): string {
  return Buffer.from(partsOf(token)[0] ?? '', 'base64url').toString();
}

/** `,"provenance":""` and a MAC of 32 bytes in base64url. */
const PROOF_LENGTH = 16 + 43;

describe('encryptToken', () => {
  test.each(ENCRYPTIONS)('writes with %s what decryptToken reads', async (enc) => {
    const keyRing = await createKeyRing({ current: { secret: secretOf(1) }, enc });
    const key = internalsOf(keyRing).encryptionKey('access', AUDIENCE);
    const token = encryptToken(claimsOf({ metadata: { name: 'Zoë 😀' } }), key, { typ: 'at+jwt' });
    const decrypted = await decryptWith(keyRing, token);
    expect(decrypted.claims).toEqual(claimsOf({ metadata: { name: 'Zoë 😀' } }));
    expect(decrypted.header).toEqual({ alg: 'dir', enc, kid: key.kid, typ: 'at+jwt' });
    expect(decrypted.key).toBe(key);
  });

  test('writes five parts, the second of them empty', async () => {
    const parts = partsOf(encryptToken(claimsOf(), await createKey(), { typ: 'at+jwt' }));
    expect(parts).toHaveLength(5);
    expect(parts.map((part) => part === '')).toEqual([false, true, false, false, false]);
    for (const part of parts) expect(part).toMatch(/^[A-Za-z0-9_-]*$/);
  });

  test('writes the header members alg, enc, kid and typ in that order and no other', async () => {
    const key = await createKey();
    expect(headerTextOf(encryptToken(claimsOf(), key, { typ: 'rt+jwt' }))).toBe(
      `{"alg":"dir","enc":"A256GCM","kid":"${key.kid}","typ":"rt+jwt"}`,
    );
  });

  test('writes an IV of 12 bytes, a tag of 16 and a ciphertext as long as the claims and their proof', async () => {
    const [, , iv, ciphertext, tag] = partsOf(
      encryptToken(claimsOf(), await createKey(), { typ: 'at+jwt' }),
    ).map((part) => Buffer.from(part, 'base64url'));
    expect(iv).toHaveLength(12);
    expect(ciphertext).toHaveLength(Buffer.byteLength(JSON.stringify(claimsOf())) + PROOF_LENGTH);
    expect(tag).toHaveLength(16);
  });

  test('writes another IV in every token, and so another token', async () => {
    const key = await createKey();
    const tokens = Array.from({ length: 200 }, () => encryptToken(claimsOf(), key, { typ: 'at+jwt' }));
    expect(new Set(tokens.map((token) => partsOf(token)[2])).size).toBe(200);
    expect(new Set(tokens).size).toBe(200);
  });

  test('shows nothing of the claims', async () => {
    const token = encryptToken({ sub: 'somebody' }, await createKey(), { typ: 'at+jwt' });
    const readable = partsOf(token).map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    expect(readable.join()).not.toContain('somebody');
  });

  test('puts additional members into the header behind its own', async () => {
    const key = await createKey();
    const header: JsonObject = { tenant: 'a', nested: { list: [1, 'é'] } };
    expect(headerTextOf(encryptToken(claimsOf(), key, { typ: 'at+jwt', header }))).toBe(
      `{"alg":"dir","enc":"A256GCM","kid":"${key.kid}","typ":"at+jwt","tenant":"a","nested":{"list":[1,"é"]}}`,
    );
  });

  test.each(['alg', 'enc', 'kid', 'typ', 'cty', 'zip', 'crit', 'jku', 'iss', 'aud', 'sub', 'scope'])(
    'rejects the reserved header member %s',
    async (member) => {
      const key = await createKey();
      expect(() => encryptToken(claimsOf(), key, { typ: 'at+jwt', header: { [member]: 'x' } })).toThrow(
        new TypeError(`issue: header must not contain the reserved member ${member}: remove it`),
      );
    },
  );

  test("leaves the caller's claims, options and header as they were", async () => {
    const key = await createKey();
    const claims = { ...claimsOf() };
    const options = { typ: 'at+jwt', header: { tenant: 'a' } };
    encryptToken(claims, key, options);
    expect(claims).toEqual(claimsOf());
    expect(options).toEqual({ typ: 'at+jwt', header: { tenant: 'a' } });
    expect(Object.isFrozen(claims)).toBe(false);
    expect(Object.isFrozen(options.header)).toBe(false);
  });

  test('takes claims and options that are frozen', async () => {
    const options = Object.freeze({ typ: 'at+jwt', header: Object.freeze({ tenant: 'a' }) });
    const key = await createKey();
    expect(() => encryptToken(Object.freeze(claimsOf()), key, options)).not.toThrow();
  });

  test('rejects a header that no reader would take: over 1 KiB', async () => {
    const key = await createKey();
    const header = { filler: 'x'.repeat(1024) };
    const error = thrownBy(() => encryptToken(claimsOf(), key, { typ: 'at+jwt', header }));
    expect(error).toEqual(
      new TypeError(
        'issue: verifiers would reject the protected header: correct or shorten the option header',
      ),
    );
    expect(error).toMatchObject({ cause: { reason: 'header_too_long' } });
  });

  test('rejects a key that was handed over for decryption only', async () => {
    const { keys } = (await createRing()).exportAccessKeys(AUDIENCE);
    const ring = await createKeyRing({ current: { jwks: { keys } } });
    const key = internalsOf(ring).decryptionKey(ring.current);
    expect(key).toMatchObject({ encrypts: false });
    expect(() => key && encryptToken(claimsOf(), key, { typ: 'at+jwt' })).toThrow(
      new TypeError('issue: the key can only decrypt: use a key whose key_ops allow encryption'),
    );
  });
});
