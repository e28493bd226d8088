import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { jwkThumbprint } from '../../src/keys/jwk-thumbprint.js';
import { AUDIENCE, NOW } from './tokens.js';

/** Signature algorithms of proofs that the tests create. */
const SIGNERS = {
  ES256: { hash: 'sha256', generate: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }) },
  ES384: { hash: 'sha384', generate: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }) },
  RS256: { hash: 'sha256', generate: () => generateKeyPairSync('rsa', { modulusLength: 2048 }) },
  EdDSA: { hash: null, generate: () => generateKeyPairSync('ed25519') },
} as const;

export interface ProofSigner {
  readonly alg: keyof typeof SIGNERS;
  readonly jwk: Readonly<Record<string, unknown>>;
  readonly jkt: string;
  readonly privateKey: KeyObject;
}

export interface ProofOptions {
  readonly method?: string;
  readonly url?: string;
  /** Access token that `ath` names. */
  readonly token?: string;
  /** Members that replace those of the header. `undefined` removes a member. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** Claims that replace those of the proof. `undefined` removes a claim. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** Generate the key of a client. */
export function createProofSigner(alg: keyof typeof SIGNERS = 'ES256'): ProofSigner {
  const { publicKey, privateKey } = SIGNERS[alg].generate();
  const jwk = { ...publicKey.export({ format: 'jwk' }) };
  return { alg, jwk, jkt: jwkThumbprint(jwk), privateKey };
}

/** Create a DPoP proof by hand (RFC 9449 §4.2), so that tests can also create invalid ones. */
export function createProof(
  signer: ProofSigner,
  { method = 'GET', url = `${AUDIENCE}/`, token, header, claims }: ProofOptions = {},
): string {
  const { alg, jwk } = signer;
  const ath = token === undefined ? {} : { ath: createHash('sha256').update(token).digest('base64url') };
  const payload = { jti: randomUUID(), htm: method, htu: url, iat: NOW, ...ath, ...claims };
  const input = [{ typ: 'dpop+jwt', alg, jwk, ...header }, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return signProof(signer, input);
}

/** Sign an encoded header and payload, with the algorithm of the key. */
export function signProof({ alg, privateKey }: ProofSigner, input: string): string {
  const signature = sign(SIGNERS[alg].hash, Buffer.from(input), {
    key: privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  return `${input}.${signature.toString('base64url')}`;
}
