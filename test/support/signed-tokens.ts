import { constants, createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { CompactEncrypt, importJWK } from 'jose';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import { createSigningKey } from '../../src/keys/create-signing-key.js';
import type { Jwk } from '../../src/keys/jwk.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import type { SigningKey } from '../../src/keys/signature-key.js';
import { createVerificationKeys, type VerificationKeys } from '../../src/keys/verification-keys.js';
import { generateRecipient, generateSigner, type JwkPair } from './key-pairs.js';
import { AUDIENCE, claimsOf, secretOf } from './tokens.js';

/** An issuer and a resource server that share no secret. */
export interface Parties {
  readonly recipient: JwkPair;
  readonly signer: JwkPair;
  /** Encrypts to the resource server; has a root for everything else. */
  readonly issuerRing: KeyRing;
  /** Opens what is encrypted to the resource server. */
  readonly serverRing: KeyRing;
  readonly signing: SigningKey;
  readonly verificationKeys: VerificationKeys;
}

export async function createParties(
  recipient: JwkPair = generateRecipient('ECDH-ES', {}, 'X25519'),
  signer: JwkPair = generateSigner(),
): Promise<Parties> {
  return {
    recipient,
    signer,
    issuerRing: await createKeyRing({
      current: { secret: secretOf(1) },
      recipients: { [AUDIENCE]: { jwk: recipient.publicJwk } },
    }),
    serverRing: await createKeyRing({ current: { jwk: recipient.privateJwk } }),
    signing: await createSigningKey({ jwk: signer.privateJwk }),
    verificationKeys: await createVerificationKeys({ jwk: signer.publicJwk }),
  };
}

/** What stands in a nested token that no issuer of ours would write. */
export interface NestedParts {
  /** Members that replace or join those of the protected header of the JWE; `undefined` removes one. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** The same for the JWS; a text stands for the whole of it. */
  readonly signedHeader?: Readonly<Record<string, unknown>> | string;
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Instead of the claims set. */
  readonly payload?: string;
  /** Changes the JWS before it is encrypted. */
  readonly alter?: (jws: string) => string;
}

/** A token that is signed and encrypted as it should be, whatever stands in it. */
export async function forgeNested(
  { recipient, signer }: Pick<Parties, 'recipient' | 'signer'>,
  { header = {}, signedHeader = {}, claims = {}, payload, alter = (jws) => jws }: NestedParts = {},
): Promise<string> {
  const text =
    typeof signedHeader === 'string'
      ? signedHeader
      : JSON.stringify({ ...pick(signer.privateJwk), typ: 'at+jwt', ...signedHeader });
  const jws = signText(text, payload ?? JSON.stringify(claimsOf(claims)), signer.privateJwk);
  const { alg, enc = 'A256GCM', kid } = recipient.publicJwk;
  const named = { alg: String(alg), enc: String(enc), kid: String(kid) };
  const members = { ...named, typ: 'at+jwt', cty: 'JWT', ...header };
  return new CompactEncrypt(Buffer.from(alter(jws), 'latin1'))
    .setProtectedHeader(members)
    .encrypt(await importJWK(recipient.publicJwk));
}

/** A JWS with any header, signed as the `alg` of the key says. */
export function signText(header: string, payload: string, jwk: Jwk): string {
  const input = [header, payload].map((part) => Buffer.from(part).toString('base64url')).join('.');
  const key = createPrivateKey({ key: { ...jwk }, format: 'jwk' });
  return `${input}.${signBytes(Buffer.from(input), key, jwk['alg']).toString('base64url')}`;
}

function signBytes(input: Buffer, key: KeyObject, alg: unknown): Buffer {
  switch (alg) {
    case 'EdDSA':
      return sign(null, input, key);
    case 'ES256':
      return sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' });
    case 'PS256':
      return sign('sha256', input, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
    default:
      return sign('sha256', input, key);
  }
}

function pick({ alg, kid }: Jwk): Jwk {
  return { alg, kid };
}
