import { afterAll, describe, expect, test } from '@jest/globals';
import { createTokenIssuer } from 'passport-jwe';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import { createSigningKey } from '../../src/keys/create-signing-key.js';
import { createVerificationKeys } from '../../src/keys/verification-keys.js';
import { describeWithJwcrypto } from '../support/jwcrypto.js';
import { startJwksServer } from '../support/jwks-server.js';
import { generateRecipient, generateSigner, type JwkPair } from '../support/key-pairs.js';
import { readPageBlocks } from '../support/page-blocks.js';
import { findOtherVerdicts } from '../support/reader-rejections.js';
import { forgeNested, type NestedParts } from '../support/signed-tokens.js';
import { tamperWithCiphertext } from '../support/tamper-with-ciphertext.js';
import { readTokens, type TokenReader } from '../support/token-readers.js';
import { AUDIENCE, claimsOf, ISSUER, secretOf } from '../support/tokens.js';

const page = new URL('../../docs/guides/read-tokens-elsewhere.md', import.meta.url);
const blocks = await readPageBlocks(page);

const OTHER = 'https://other.example.com';
/** The readers use the system clock. */
const now = Math.floor(Date.now() / 1000);
const TIMES = { iat: now, nbf: now, exp: now + 600 };
const EXPIRED = { iat: now - 600, nbf: now - 600, exp: now - 60 };

const recipientOf = (kid: string) => generateRecipient('ECDH-ES', { kid, use: 'enc' });
const [recipient, nextRecipient] = [recipientOf('reader-1'), recipientOf('reader-2')];
const signerOf = (kid: string) => generateSigner('ES256', { kid });
const [signer, nextSigner, attacker] = [signerOf('issuer-1'), signerOf('issuer-2'), signerOf('issuer-1')];

/** The issuer publishes this key too, but the reader expects ES256. */
const rsaSigner = generateSigner('RS256', { kid: 'issuer-rsa' });

const verification = await createVerificationKeys({
  jwks: { keys: [signer.publicJwk, nextSigner.publicJwk, rsaSigner.publicJwk] },
});
const jwks = await startJwksServer(verification.exportPublicKeys().keys);
afterAll(() => jwks.stop());

const FILES = { 'reader-keys.json': { keys: [recipient.privateJwk, nextRecipient.privateJwk] } };

async function issue(to: JwkPair, by: JwkPair): Promise<string> {
  const keyRing = await createKeyRing({
    current: { secret: secretOf(1) },
    recipients: { [AUDIENCE]: { jwk: to.publicJwk } },
  });
  const signing = await createSigningKey({ jwk: by.privateJwk });
  const { token } = await createTokenIssuer({ keyRing, issuer: ISSUER, signing }).issue({
    ...{ type: 'service', subject: 'billing', clientId: 'billing', audience: AUDIENCE },
    ...{ scope: ['read:reports'], lifetime: 300, claims: {} },
  });
  return token;
}

const forge = ({ claims = {}, ...parts }: NestedParts = {}, by = signer) =>
  forgeNested({ recipient, signer: by }, { ...parts, claims: { ...TIMES, ...claims } });

const CLAIM = { node: 'ERR_JWT_CLAIM_VALIDATION_FAILED' };
const REJECTED = {
  'without a signature': {
    token: await forge({ header: { cty: undefined }, alter: () => JSON.stringify(claimsOf(TIMES)) }),
    ...{ node: 'unsigned token', python: 'wrong header' },
  },
  'with alg none': {
    token: await forge({ signedHeader: { alg: 'none' }, alter: (jws) => jws.replace(/[^.]*$/, '') }),
    ...{ node: 'ERR_JOSE_ALG_NOT_ALLOWED', python: 'Invalid' },
  },
  'signed by an attacker': {
    token: await forge({}, attacker),
    ...{ node: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED', python: 'InvalidJWSSignature' },
  },
  'signed with another alg': {
    token: await forge({}, rsaSigner),
    ...{ node: 'ERR_JOSE_ALG_NOT_ALLOWED', python: 'not allowed' },
  },
  'signed with an unknown key': {
    token: await forge({}, signerOf('issuer-3')),
    ...{ node: 'ERR_JWKS_NO_MATCHING_KEY', python: "'issuer-3'" },
  },
  'under an unknown key': {
    token: await forge({ header: { kid: 'reader-3' } }),
    ...{ node: 'unknown key', python: "'reader-3'" },
  },
  'with another alg': {
    token: await forge({ header: { alg: 'ECDH-ES+A256KW' } }),
    ...{ node: 'ERR_JOSE_ALG_NOT_ALLOWED', python: 'Algorithm not allowed' },
  },
  'for another audience': { token: await forge({ claims: { aud: OTHER } }), ...CLAIM, python: 'audience' },
  'of another issuer': { token: await forge({ claims: { iss: OTHER } }), ...CLAIM, python: 'wrong issuer' },
  expired: { token: await forge({ claims: EXPIRED }), node: 'ERR_JWT_EXPIRED', python: 'expired token' },
  'not valid yet': {
    token: await forge({ claims: { nbf: now + 60 } }),
    ...{ ...CLAIM, python: 'not valid yet' },
  },
  'without exp': { token: await forge({ claims: { exp: undefined } }), ...CLAIM, python: "'exp'" },
  refresh: {
    token: await forge({ signedHeader: { typ: 'rt+jwt' } }),
    ...{ ...CLAIM, python: 'wrong header' },
  },
  compressed: { token: await forge({ header: { zip: 'DEF' } }), node: 'zip', python: 'wrong header' },
  'with a truncated tag': {
    token: (await forge()).slice(0, -6),
    ...{ node: 'ERR_JWE_', python: 'tag' },
  },
  'tampered with': {
    token: tamperWithCiphertext(await forge()),
    ...{ node: 'ERR_JWE_DECRYPTION_FAILED', python: 'InvalidTag' },
  },
};

function readerIn(language: TokenReader['language']): TokenReader {
  const code = blocks.get(`read-nested-${language}`) ?? '';
  return { language, code: code.replace('https://auth.example.com/oauth/jwks', jwks.url) };
}

describe.each(['node', 'python'] as const)('public keys with a nested JWS in %s', (language) => {
  const describeReader = language === 'node' ? describe : describeWithJwcrypto;

  describeReader('by the code of the guide', () => {
    test('read tokens before and after both parties rotate their keys', async () => {
      const tokens = [
        await issue(recipient, signer),
        await issue(nextRecipient, signer),
        await issue(nextRecipient, nextSigner),
      ];

      expect(await readTokens(readerIn(language), [{ files: FILES, tokens }])).toEqual(
        Array(3).fill('accepted billing'),
      );
    });

    test('reject every other token, each for its reason', async () => {
      expect(await findOtherVerdicts(readerIn(language), FILES, REJECTED)).toEqual([]);
    });
  });
});
