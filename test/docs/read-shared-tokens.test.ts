import { describe, expect, test } from '@jest/globals';
import { CompactEncrypt } from 'jose';
import { createTokenIssuer } from 'passport-jwe';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import type { JwkSet } from '../../src/keys/jwk.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { sealToken } from '../../src/token/seal-token.js';
import { describeWithJwcrypto } from '../support/jwcrypto.js';
import { readPageBlocks } from '../support/page-blocks.js';
import { findOtherVerdicts } from '../support/reader-rejections.js';
import { tamperWithCiphertext } from '../support/tamper-with-ciphertext.js';
import { readTokens, type TokenReader } from '../support/token-readers.js';
import {
  AUDIENCE,
  claimsOf,
  createRing,
  ISSUER,
  type MintOptions,
  mintToken,
  secretOf,
} from '../support/tokens.js';

const page = new URL('../../docs/guides/read-tokens-elsewhere.md', import.meta.url);
const blocks = await readPageBlocks(page);

const OTHER = 'https://other.example.com';
/** The readers use the system clock. */
const now = Math.floor(Date.now() / 1000);
const TIMES = { iat: now, nbf: now, exp: now + 600 };
const EXPIRED = { iat: now - 600, nbf: now - 600, exp: now - 60 };

const before = await createRing(1);
const after = await createKeyRing({
  current: { secret: secretOf(2) },
  previous: [{ secret: secretOf(1), notAfter: now + 3600 }],
});

const filesOf = (keys: JwkSet) => ({ 'access-keys.json': keys });
const FILES = filesOf(after.exportAccessKeys(AUDIENCE));

async function issue(keyRing: KeyRing, audience = AUDIENCE): Promise<string> {
  const { token } = await createTokenIssuer({ keyRing, issuer: ISSUER }).issue({
    ...{ type: 'service', subject: 'billing', clientId: 'billing', audience },
    ...{ scope: ['read:reports'], lifetime: 300, claims: {} },
  });
  return token;
}

const mint = (claims: Record<string, unknown> = {}, options: MintOptions = {}) =>
  mintToken(after, { ...options, claims: { ...TIMES, ...claims } });

/** A token under the access key, with a header or content that no issuer writes. */
function forge(header: object, plaintext = JSON.stringify(claimsOf(TIMES))): Promise<string> {
  const { kid, k } = currentKey();
  return new CompactEncrypt(Buffer.from(plaintext))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid, typ: 'at+jwt', ...header })
    .encrypt(Buffer.from(k, 'base64url'));
}

function currentKey() {
  const [key] = after.exportAccessKeys(AUDIENCE).keys;
  return { kid: String(key?.['kid']), k: String(key?.['k']) };
}

async function mintRefreshToken(): Promise<string> {
  return sealToken(claimsOf(TIMES), internalsOf(after).encryptionKey('refresh', ISSUER), { typ: 'rt+jwt' });
}

const CLAIM = { node: 'ERR_JWT_CLAIM_VALIDATION_FAILED' };
const REJECTED = {
  'for another audience': { token: await issue(after, OTHER), node: 'unknown key', python: 'unknown key' },
  'with the aud of another audience': { token: mint({ aud: OTHER }), ...CLAIM, python: 'audience' },
  'of another issuer': { token: mint({ iss: OTHER }), ...CLAIM, python: 'wrong issuer' },
  expired: { token: mint(EXPIRED), node: 'ERR_JWT_EXPIRED', python: 'expired token' },
  'not valid yet': { token: mint({ nbf: now + 60 }), ...CLAIM, python: 'not valid yet' },
  'without exp': { token: mint({ exp: undefined }), ...CLAIM, python: "'exp'" },
  'without jti': { token: mint({ jti: undefined }), ...CLAIM, python: 'missing claim' },
  refresh: { token: await mintRefreshToken(), node: 'unknown key', python: 'wrong header' },
  'refresh, under an access key': { token: mint({}, { typ: 'rt+jwt' }), ...CLAIM, python: 'wrong header' },
  compressed: { token: await forge({ zip: 'DEF' }), node: 'zip', python: 'wrong header' },
  'with a truncated tag': {
    token: mint().slice(0, -6),
    ...{ node: 'ERR_JWE_', python: 'tag' },
  },
  'tampered with': {
    token: tamperWithCiphertext(mint()),
    ...{ node: 'ERR_JWE_DECRYPTION_FAILED', python: 'InvalidTag' },
  },
  'with another alg': {
    token: await forge({ alg: 'A256KW' }),
    ...{ node: 'ERR_JOSE_ALG_NOT_ALLOWED', python: 'Algorithm not allowed' },
  },
  'with a nested JWS': {
    token: await forge({ cty: 'JWT' }, 'e30.e30.AA'),
    ...{ node: 'ERR_JWT_INVALID', python: 'wrong header' },
  },
};

describe.each(['node', 'python'] as const)('shared access keys in %s', (language) => {
  const reader: TokenReader = { language, code: blocks.get(`read-shared-${language}`) ?? '' };
  const describeReader = language === 'node' ? describe : describeWithJwcrypto;

  describeReader('by the code of the guide', () => {
    test('read tokens before and after a rotation', async () => {
      const steps = [
        { files: filesOf(before.exportAccessKeys(AUDIENCE)), tokens: [await issue(before)] },
        { files: FILES, tokens: [await issue(before), await issue(after)] },
      ];

      expect(await readTokens(reader, steps)).toEqual(Array(3).fill('accepted billing'));
    });

    test('reject every other token, each for its reason', async () => {
      expect(await findOtherVerdicts(reader, FILES, REJECTED)).toEqual([]);
    });

    test('reject tokens of a retired key', async () => {
      const keys = FILES['access-keys.json'].keys.map((key) => ({ ...key, exp: now - 1 }));
      const steps = [{ files: filesOf({ keys }), tokens: [mint()] }];

      expect(await readTokens(reader, steps)).toEqual([expect.stringContaining('expired key')]);
    });
  });
});
