import { constants, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { compactVerify, errors } from 'jose';
import { InvalidTokenError } from '../../src/base/errors.js';
import type { Jwk } from '../../src/keys/jwk.js';
import type { VerificationKey } from '../../src/keys/signature-key.js';
import {
  VERIFICATION_ALGORITHMS,
  type VerificationAlgorithm,
} from '../../src/keys/verification-algorithms.js';
import { decodeBase64url } from '../../src/token/compact-serialization.js';
import { parseHeaderObject } from '../../src/token/protected-header.js';
import { verifySignature } from '../../src/token/verify-signature.js';
import { generateEc, generateOkp, generateRsa } from './key-pairs.js';

/** A key pair for one algorithm. */
export interface SignatureCase {
  readonly alg: VerificationAlgorithm;
  readonly key: VerificationKey;
  readonly privateKey: KeyObject;
  /** Public JWK, for jwcrypto. */
  readonly jwk: Jwk;
}

/** One key pair of each algorithm. The RSA algorithms share a key pair, and so do the two names of Ed25519. */
export function createSignatureCases(): readonly SignatureCase[] {
  const [rsa, ed25519] = [generateRsa(), generateOkp('ed25519')];
  const ec = { ES256: generateEc('P-256'), ES384: generateEc('P-384'), ES512: generateEc('P-521') };
  return VERIFICATION_ALGORITHMS.map((alg) => {
    const isEc = alg === 'ES256' || alg === 'ES384' || alg === 'ES512';
    const { privateJwk, publicJwk } = isEc ? ec[alg] : alg.startsWith('Ed') ? ed25519 : rsa;
    const privateKey = createPrivateKey({ key: { ...privateJwk }, format: 'jwk' });
    const publicKey = createPublicKey(privateKey);
    return { alg, privateKey, jwk: publicJwk, key: { kid: 'signer', alg, publicKey } };
  });
}

/** A signature as another signer could write it. Default: as the algorithm says. */
export interface SigningParts {
  readonly hash?: string | null;
  readonly saltLength?: number;
  readonly padding?: number;
  readonly dsaEncoding?: 'der' | 'ieee-p1363';
}

export function signBytes(
  alg: VerificationAlgorithm,
  input: Buffer,
  key: KeyObject,
  parts: SigningParts = {},
) {
  const hash = alg.startsWith('Ed') ? null : `sha${alg.slice(2)}`;
  const bytes = Number(alg.slice(2)) / 8;
  const { padding, saltLength } = alg.startsWith('PS')
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: bytes }
    : { padding: constants.RSA_PKCS1_PADDING, saltLength: undefined };
  const options = key.asymmetricKeyType === 'rsa' ? { padding, saltLength } : {};
  return sign(parts.hash === undefined ? hash : parts.hash, input, {
    key,
    dsaEncoding: 'ieee-p1363',
    ...options,
    ...parts,
  });
}

/** A JWS in compact serialization, with any header. */
export function signCompact({ alg, privateKey }: SignatureCase, payload: string, header?: string): string {
  const text = header ?? JSON.stringify({ alg, kid: 'signer', typ: 'at+jwt' });
  const input = [text, payload].map((part) => Buffer.from(part).toString('base64url')).join('.');
  return `${input}.${signBytes(alg, Buffer.from(input), privateKey).toString('base64url')}`;
}

/** The payload if our decoders and `verifySignature` accept a JWS, otherwise `undefined`. */
export function verifyIfValid(jws: string, key: VerificationKey): string | undefined {
  try {
    const [header = '', payload = '', signature, ...excess] = jws.split('.', 4);
    if (signature === undefined || excess.length > 0) return undefined;
    const { alg, crit, b64 } = parseHeaderObject(decodeBase64url(header));
    if (alg !== key.alg || crit !== undefined || b64 !== undefined) return undefined;
    const decoded = decodeBase64url(payload).toString('latin1');
    const input = Buffer.from(`${header}.${payload}`, 'latin1');
    return verifySignature(input, decodeBase64url(signature), key) ? decoded : undefined;
  } catch (error) {
    if (error instanceof InvalidTokenError) return undefined;
    throw error;
  }
}

/** The payload by jose, or `undefined` if jose rejects the JWS. */
export async function verifyByJose(
  jws: string,
  { alg, publicKey }: VerificationKey,
): Promise<string | undefined> {
  try {
    const { payload } = await compactVerify(jws, publicKey, { algorithms: [alg] });
    return Buffer.from(payload).toString('latin1');
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
    throw error;
  }
}
