import { createPublicKey, generateKeyPairSync, hash, randomUUID, sign, verify } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { openToken, sealToken } from './floor.js';
import { asReceived, signClaims } from './token.js';

/** URL that all proofs name. */
export const ORIGIN = 'http://api.example.com';

/** Option `replay` that admits more proofs of a client than it sends in a run. */
export const UNLIMITED_PROOFS = { maxProofsPerKey: 1_000_000 };

/** Number of clients. Each repeats its token, with a new proof for each request. */
const CLIENTS = 32;

const SIGNATURE = { dsaEncoding: 'ieee-p1363' };

/**
 * A client with a key for DPoP proofs (ES256), and its bound token in the form of each subject.
 * @typedef {object} DpopClient
 * @property {string} encrypted
 * @property {string} signed
 * @property {(token: string, nonce?: string) => string} createProof returns a new proof for `GET /`
 */

/**
 * @param {import('./token.js').Fixture} fixture
 * @returns {Promise<readonly DpopClient[]>}
 */
export function createDpopClients({ tokens, secretKey, material }) {
  return Promise.all(
    tokens.slice(0, CLIENTS).map(async (token) => {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const jwk = publicKey.export({ format: 'jwk' });
      const cnf = { jkt: await calculateJwkThumbprint(jwk) };
      const claims = { ...openToken(token, secretKey), cnf };
      const [header] = token.split('.');
      return {
        encrypted: asReceived(sealToken(claims, header, secretKey)),
        signed: asReceived(signClaims(claims, material.signingKey)),
        createProof: createSigner(jwk, privateKey),
      };
    }),
  );
}

/**
 * @param {import('node:crypto').JsonWebKey} jwk
 * @param {import('node:crypto').KeyObject} key
 * @returns {DpopClient['createProof']}
 */
function createSigner(jwk, key) {
  const header = encode({ typ: 'dpop+jwt', alg: 'ES256', jwk });
  return (token, nonce) => {
    const ath = hash('sha256', token, 'base64url');
    const iat = Math.floor(Date.now() / 1000);
    const claims = { jti: randomUUID(), htm: 'GET', htu: `${ORIGIN}/`, iat, ath, nonce };
    const input = `${header}.${encode(claims)}`;
    const signature = sign('sha256', Buffer.from(input), { key, ...SIGNATURE });
    return asReceived(`${input}.${signature.toString('base64url')}`);
  };
}

/**
 * The minimum that verifies a proof: one signature verification with a key that was imported before, and no check.
 * @returns {(proof: string) => void} throws an error if the signature is invalid
 */
export function createProofFloor() {
  const keys = new Map();
  return (proof) => {
    const [header, payload, signature] = proof.split('.');
    const key = keys.get(header) ?? importKey(header);
    keys.set(header, key);
    const input = Buffer.from(proof.slice(0, header.length + 1 + payload.length), 'latin1');
    if (!verify('sha256', input, key, Buffer.from(signature, 'base64url'))) {
      throw new Error('The signature is invalid');
    }
  };
}

/** @param {string} header encoded header of a proof */
function importKey(header) {
  const { jwk } = JSON.parse(Buffer.from(header, 'base64url').toString());
  return { key: createPublicKey({ key: jwk, format: 'jwk' }), ...SIGNATURE };
}

/** @param {object} part */
function encode(part) {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
