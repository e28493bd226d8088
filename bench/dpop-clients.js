import { createPublicKey, generateKeyPairSync, hash, randomUUID, sign, verify } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { asReceived } from './token.js';

/** URL that all proofs name. */
export const ORIGIN = 'http://api.example.com';

const SIGNATURE = { dsaEncoding: 'ieee-p1363' };

/**
 * A client with a key for DPoP proofs (ES256), and the tokens that are bound to it.
 * @typedef {object} DpopClient
 * @property {{ jkt: string }} cnf claim of its tokens
 * @property {(token: string, nonce?: string) => string} createProof returns a new proof for `GET /`
 */

/** @returns {Promise<DpopClient>} */
export async function createDpopClient() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = publicKey.export({ format: 'jwk' });
  const header = encode({ typ: 'dpop+jwt', alg: 'ES256', jwk });
  return {
    cnf: { jkt: await calculateJwkThumbprint(jwk) },
    createProof(token, nonce) {
      const ath = hash('sha256', token, 'base64url');
      const iat = Math.floor(Date.now() / 1000);
      const claims = { jti: randomUUID(), htm: 'GET', htu: `${ORIGIN}/`, iat, ath, nonce };
      const input = `${header}.${encode(claims)}`;
      const signature = sign('sha256', Buffer.from(input), { key: privateKey, ...SIGNATURE });
      return asReceived(`${input}.${signature.toString('base64url')}`);
    },
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
