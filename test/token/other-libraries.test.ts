import { beforeAll, describe, expect, test } from '@jest/globals';
import { CompactEncrypt, CompactSign, compactDecrypt, compactVerify, importJWK } from 'jose';
import { isAsymmetricAlgorithm } from '../../src/keys/content-key.js';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import { createSigningKey } from '../../src/keys/create-signing-key.js';
import type { Jwk } from '../../src/keys/jwk.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { resolveVerification } from '../../src/keys/resolve-verification.js';
import type { SignatureAlgorithm } from '../../src/keys/signature-key.js';
import { createVerificationKeys } from '../../src/keys/verification-keys.js';
import { decryptToken } from '../../src/token/decrypt-token.js';
import { sealToken } from '../../src/token/seal-token.js';
import { failuresOf } from '../support/failures-of.js';
import { describeWithJwcrypto, type JwcryptoRequest, runJwcrypto } from '../support/jwcrypto.js';
import { ALGORITHMS, generateSigner, type JwkPair } from '../support/key-pairs.js';
import { AUDIENCE, claimsOf, ISSUER, NOW } from '../support/tokens.js';

const ENCRYPTIONS = ['A128GCM', 'A192GCM', 'A256GCM'] as const;
const SIGNATURES = ['EdDSA', 'ES256', 'PS256', 'RS256'] as const;

/** One way in which a token may be protected. */
interface Protection {
  readonly name: string;
  readonly recipient: JwkPair;
  readonly signer: JwkPair;
  /** Of the JWE, without `cty`. */
  readonly header: { readonly alg: string; readonly enc: string; readonly kid: string; readonly typ: string };
  /** None where the key is a shared one, which needs no JWS. */
  readonly signature: SignatureAlgorithm | undefined;
}

const signers = new Map(SIGNATURES.map((alg) => [alg, generateSigner(alg)]));

/** Each algorithm and curve with each content encryption, and each signature with one of them. */
const PROTECTIONS: readonly Protection[] = ALGORITHMS.flatMap(([alg, curve, generate]) => {
  const recipient = generate();
  return ENCRYPTIONS.flatMap((enc) => {
    const all: readonly (SignatureAlgorithm | undefined)[] = isAsymmetricAlgorithm(alg)
      ? enc === 'A256GCM'
        ? SIGNATURES
        : ['EdDSA']
      : [undefined];
    return all.map((signature) => ({
      name: [alg, curve, enc, signature].filter(Boolean).join(' '),
      recipient: withMembers(recipient, { enc }),
      signer: signers.get(signature ?? 'EdDSA') ?? generateSigner(),
      header: { alg, enc, kid: String(recipient.publicJwk['kid']), typ: 'at+jwt' },
      signature,
    }));
  });
});

function withMembers({ privateJwk, publicJwk }: JwkPair, members: Jwk): JwkPair {
  return { privateJwk: { ...privateJwk, ...members }, publicJwk: { ...publicJwk, ...members } };
}

async function sealByUs({ recipient, signer, signature }: Protection): Promise<string> {
  const ring = await createKeyRing({ current: { jwk: recipient.publicJwk } });
  const signing = await createSigningKey({ jwk: signer.privateJwk });
  return sealToken(claimsOf(), internalsOf(ring).encryptionKey('access', AUDIENCE), {
    typ: 'at+jwt',
    ...(signature === undefined ? {} : { signing }),
  });
}

async function openByUs(token: string, { recipient, signer }: Protection): Promise<object> {
  const keyRing = await createKeyRing({ current: { jwk: recipient.privateJwk } });
  const keys = await createVerificationKeys({ jwk: signer.publicJwk });
  const verification = resolveVerification(
    { verification: { [ISSUER]: keys } },
    [ISSUER],
    'createTokenVerifier',
  );
  const { header, claims } = await decryptToken(
    token,
    { keyRing: internalsOf(keyRing), maxTokenLength: 8192, verification },
    NOW,
  );
  return { header, claims };
}

/** What `openByUs` should say of it. */
function opened({ header, signature }: Protection, extra: object) {
  const cty = signature === undefined ? {} : { cty: 'JWT' };
  return { header: { ...header, ...cty, ...extra }, claims: claimsOf() };
}

/** Members that the algorithm adds to the header. */
function addedMembers(token: string): object {
  const header = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString());
  return Object.fromEntries(Object.entries(header).filter(([name]) => /^(epk|iv|tag)$/.test(name)));
}

describe('jose', () => {
  test('opens ours', async () => {
    const failures = await failuresOf(
      PROTECTIONS.map((each) => [each.name, each] as const),
      async ([_name, each]) => {
        const { recipient, signer, header, signature } = each;
        const token = await sealByUs(each);
        const { plaintext, protectedHeader } = await compactDecrypt(
          token,
          await importJWK(recipient.privateJwk),
        );
        const nested = signature === undefined ? {} : { cty: 'JWT' };
        expect(protectedHeader).toEqual({ ...header, ...nested, ...addedMembers(token) });
        if (signature === undefined) {
          expect(JSON.parse(Buffer.from(plaintext).toString())).toEqual(claimsOf());
        } else {
          const verified = await compactVerify(plaintext, await importJWK(signer.publicJwk));
          expect(verified.protectedHeader).toEqual({ alg: signature, kid: 'signer', typ: 'at+jwt' });
          expect(JSON.parse(Buffer.from(verified.payload).toString())).toEqual(claimsOf());
        }
      },
    );

    expect(failures).toEqual([]);
  });

  test('writes what we open', async () => {
    const failures = await failuresOf(
      PROTECTIONS.map((each) => [each.name, each] as const),
      async ([_name, each]) => {
        const { recipient, signer, header, signature } = each;
        const claims = Buffer.from(JSON.stringify(claimsOf()));
        const jws =
          signature === undefined
            ? undefined
            : await new CompactSign(claims)
                .setProtectedHeader({ alg: signature, kid: 'signer', typ: 'at+jwt' })
                .sign(await importJWK(signer.privateJwk));
        const token = await new CompactEncrypt(jws === undefined ? claims : Buffer.from(jws))
          .setProtectedHeader({ ...header, ...(jws === undefined ? {} : { cty: 'JWT' }) })
          .encrypt(await importJWK(recipient.publicJwk));
        expect(await openByUs(token, each)).toEqual(opened(each, addedMembers(token)));
      },
    );

    expect(failures).toEqual([]);
  });
});

describeWithJwcrypto('jwcrypto', () => {
  let decrypted: readonly string[] = [];
  let verified: readonly string[] = [];
  let encrypted: readonly string[] = [];

  beforeAll(async () => {
    const ours = await Promise.all(PROTECTIONS.map(sealByUs));
    const decryptions = PROTECTIONS.map(({ recipient }, index): JwcryptoRequest => {
      return { action: 'decrypt', key: forJwcrypto(recipient.privateJwk), token: ours[index] ?? '' };
    });
    const signatures = PROTECTIONS.map(({ signer, signature }): JwcryptoRequest => {
      const header = { alg: signature ?? 'EdDSA', kid: 'signer', typ: 'at+jwt' };
      const key = forJwcrypto(signer.privateJwk);
      return { action: 'sign', key, header, payload: JSON.stringify(claimsOf()) };
    });
    const first = runJwcrypto([...decryptions, ...signatures]);
    decrypted = first.slice(0, PROTECTIONS.length);
    const signed = first.slice(PROTECTIONS.length);

    const verifications = PROTECTIONS.flatMap(({ signer, signature: alg }, index): JwcryptoRequest[] => {
      const key = forJwcrypto(signer.publicJwk);
      return alg === undefined ? [] : [{ action: 'verify', key, token: decrypted[index] ?? '', alg }];
    });
    const encryptions = PROTECTIONS.map((each, index): JwcryptoRequest => {
      const { header, signature } = each;
      const key = forJwcrypto(each.recipient.publicJwk);
      const nested = { ...header, cty: 'JWT' };
      return signature === undefined
        ? { action: 'encrypt', key, header, plaintext: JSON.stringify(claimsOf()) }
        : { action: 'encrypt', key, header: nested, plaintext: signed[index] ?? '' };
    });
    const second = runJwcrypto([...verifications, ...encryptions]);
    verified = second.slice(0, verifications.length);
    encrypted = second.slice(verifications.length);
  });

  const nested = PROTECTIONS.filter(({ signature }) => signature !== undefined);

  test('opens ours', async () => {
    const failures = await failuresOf(
      PROTECTIONS.map((each, index) => [each.name, each, index] as const),
      ([_name, { signature }, index]) => {
        if (signature === undefined) expect(JSON.parse(decrypted[index] ?? '')).toEqual(claimsOf());
        else expect(decrypted[index]).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
      },
    );

    expect(failures).toEqual([]);
  });

  test('verifies ours', async () => {
    const failures = await failuresOf(
      nested.map(({ name }, index) => [name, index] as const),
      ([_name, index]) => {
        expect(JSON.parse(verified[index] ?? '')).toEqual(claimsOf());
      },
    );

    expect(failures).toEqual([]);
  });

  test('writes what we open', async () => {
    const failures = await failuresOf(
      PROTECTIONS.map((each, index) => [each.name, each, index] as const),
      async ([_name, each, index]) => {
        const token = encrypted[index] ?? '';
        expect(await openByUs(token, each)).toEqual(opened(each, addedMembers(token)));
      },
    );

    expect(failures).toEqual([]);
  });
});

/** Members of our own, and `alg`, mean something else to it. */
function forJwcrypto({ enc: _enc, alg: _alg, aud: _aud, ...jwk }: Jwk): Jwk {
  return jwk;
}
