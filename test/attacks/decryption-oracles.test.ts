import {
  constants,
  createCipheriv,
  createPublicKey,
  createSecretKey,
  type KeyObject,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import { ACCEPTED, type AttackTarget, startTarget } from '../support/attack-target.js';
import { failuresOf } from '../support/failures-of.js';
import { generateRsa, generateShared } from '../support/key-pairs.js';
import { sealByHand } from '../support/seal-by-hand.js';
import { createParties, signText } from '../support/signed-tokens.js';
import { claimsOf, ISSUER } from '../support/tokens.js';

/** Failures of key unwrapping and of the tag must be indistinguishable (RFC 7516 §11.5). */
const RSA = generateRsa({ kid: 'rsa', alg: 'RSA-OAEP-256' });
const SHARED = generateShared('A256KW');
const PUBLIC_KEY = createPublicKey({ key: { ...RSA.publicJwk }, format: 'jwk' });
const KEK = createSecretKey(Buffer.from(String(SHARED['k']), 'base64url'));
const CEK = randomBytes(32);

let target: AttackTarget;
let jws: string;

beforeAll(async () => {
  const { signer, verificationKeys } = await createParties(RSA);
  const current = { jwks: { keys: [RSA.privateJwk, SHARED] } };
  target = await startTarget({
    keyRing: await createKeyRing({ current }),
    verification: { [ISSUER]: verificationKeys },
  });
  jws = signText(
    '{"alg":"EdDSA","kid":"signer","typ":"at+jwt"}',
    JSON.stringify(claimsOf()),
    signer.privateJwk,
  );
});

afterAll(() => target.close());

const OAEP = { key: PUBLIC_KEY, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };

function wrap(cek: Uint8Array, key: KeyObject = KEK): Buffer {
  const cipher = createCipheriv('id-aes256-wrap', key, Buffer.alloc(8, 0xa6));
  return Buffer.concat([cipher.update(cek), cipher.final()]);
}

function altered(bytes: Uint8Array): Buffer {
  const copy = Buffer.from(bytes);
  copy[11] = (copy[11] ?? 0) ^ 1;
  return copy;
}

/** A token with this encrypted key, and the content under a key that may be another one. */
function tokenWith(alg: 'RSA-OAEP-256' | 'A256KW', encryptedKey: Uint8Array, cek = CEK): string {
  const kid = alg === 'A256KW' ? SHARED['kid'] : 'rsa';
  const header = Buffer.from(JSON.stringify({ alg, enc: 'A256GCM', kid, typ: 'at+jwt', cty: 'JWT' }));
  const encoded = header.toString('base64url');
  const sealed = sealByHand('A256GCM', cek, { header: encoded, plaintext: jws });
  return `${encoded}.${Buffer.from(encryptedKey).toString('base64url')}.${sealed}`;
}

test('the tokens are accepted as they should be', async () => {
  expect(await target.present(tokenWith('RSA-OAEP-256', publicEncrypt(OAEP, CEK)))).toMatchObject(ACCEPTED);
  expect(await target.present(tokenWith('A256KW', wrap(CEK)))).toMatchObject(ACCEPTED);
});

test('every failure of RSA-OAEP, AES key wrap and the tag has the same answer and reason', async () => {
  const label = Buffer.from('label');
  const pkcs1 = { key: PUBLIC_KEY, padding: constants.RSA_PKCS1_PADDING };
  const other = generateRsa().publicJwk;
  const otherKey = createPublicKey({ key: { ...other }, format: 'jwk' });
  const tokens = {
    'another tag under RSA-OAEP': tokenWith('RSA-OAEP-256', publicEncrypt(OAEP, CEK), randomBytes(32)),
    'another tag under AES key wrap': tokenWith('A256KW', wrap(CEK), randomBytes(32)),
    'an altered RSA ciphertext': tokenWith('RSA-OAEP-256', altered(publicEncrypt(OAEP, CEK))),
    'zeros for RSA': tokenWith('RSA-OAEP-256', Buffer.alloc(256)),
    'a number above the modulus': tokenWith('RSA-OAEP-256', Buffer.alloc(256, 0xff)),
    'another OAEP hash': tokenWith('RSA-OAEP-256', publicEncrypt({ ...OAEP, oaepHash: 'sha1' }, CEK)),
    'another OAEP label': tokenWith('RSA-OAEP-256', publicEncrypt({ ...OAEP, oaepLabel: label }, CEK)),
    'the padding of PKCS #1 1.5': tokenWith('RSA-OAEP-256', publicEncrypt(pkcs1, CEK)),
    'another RSA key': tokenWith('RSA-OAEP-256', publicEncrypt({ ...OAEP, key: otherKey }, CEK)),
    'a shorter content encryption key': tokenWith(
      'RSA-OAEP-256',
      publicEncrypt(OAEP, CEK.subarray(0, 16)),
      CEK.subarray(0, 16),
    ),
    'an empty content encryption key': tokenWith('RSA-OAEP-256', publicEncrypt(OAEP, Buffer.alloc(0))),
    'an altered wrapped key': tokenWith('A256KW', altered(wrap(CEK))),
    'another wrapping key': tokenWith('A256KW', wrap(CEK, createSecretKey(randomBytes(32)))),
  };
  const answers = new Set<string>();
  const failures = await failuresOf(Object.entries(tokens), async ([, token]) => {
    const answer = await target.present(token);
    expect(answer).toMatchObject({ status: 401 });
    const { date: _date, ...headers } = answer.headers;
    answers.add(JSON.stringify({ ...answer, headers }));
  });
  expect(failures).toEqual([]);
  expect([...answers]).toHaveLength(1);
  expect([...answers][0]).toContain('decryption');
});
