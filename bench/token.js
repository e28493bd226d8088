import { createSecretKey, randomBytes, webcrypto } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { createKeyRing, createTokenIssuer } from 'passport-jwe';
import { openToken } from './floor.js';

export const ISSUER = 'https://auth.example.com';
export const AUDIENCE = 'https://api.example.com';

/** Enough that a repeated token counts as new: the package remembers the last 65 536 tokens. */
const TOKEN_COUNT = 70_000;

/** Longer than any run, so that no token expires during a measurement. */
const LIFETIME_SECONDS = 24 * 60 * 60;

/**
 * Content of every token: about 950 characters when encrypted.
 * @type {import('passport-jwe').IssueRequest}
 */
const REQUEST = {
  type: 'tiered_model_exec',
  audience: AUDIENCE,
  subject: 'acme-reporting',
  clientId: 'acme-reporting',
  scope: ['execute:models', 'read:documents'],
  lifetime: LIFETIME_SECONDS,
  claims: {
    api_key_name: 'Acme reporting',
    metadata: { tier: 'enterprise', team: 'reporting', region: 'eu-central' },
    allowed_models: ['gpt-5', 'claude-opus-4-5'],
    rate_limits: {
      requests_per_minute: 60,
      tokens_per_minute: 10_000,
      requests_per_hour: 1000,
      concurrent_requests: 5,
    },
  },
};

/**
 * A key, in the form that suits each competitor best, and tokens under it.
 * @typedef {object} Fixture
 * @property {import('passport-jwe').KeyRing} keyRing
 * @property {import('passport-jwe').TokenIssuer} service
 * @property {import('passport-jwe').IssueRequest} request
 * @property {import('node:crypto').KeyObject} secretKey
 * @property {import('node:crypto').webcrypto.CryptoKey} cryptoKey
 * @property {{ alg: string, enc: string, kid: string, typ: string }} header
 * @property {readonly string[]} tokens distinct tokens
 * @property {import('passport-jwe').ClaimsSet} claims claims of the first token
 * @property {() => readonly string[]} signTokens returns signed, unencrypted tokens with the same claims (JWS, HS256)
 * @property {import('./http/apps.js').Material} material keys from which other processes create all of this
 */

/** @returns {Promise<Fixture>} */
export async function createFixture() {
  const secret = randomBytes(32);
  const signingKey = randomBytes(32).toString('base64url');
  const keyRing = await createKeyRing({ current: { secret } });
  const service = createTokenIssuer({ keyRing, issuer: ISSUER });
  const { kid, bytes } = exportAccessKey(keyRing);
  const secretKey = createSecretKey(bytes);
  const tokens = await issueTokens(service);
  return {
    keyRing,
    service,
    request: REQUEST,
    secretKey,
    cryptoKey: await importCryptoKey(bytes),
    header: { alg: 'dir', enc: 'A256GCM', kid, typ: 'at+jwt' },
    tokens,
    claims: withoutProof(openToken(tokens[0], secretKey)),
    // Claims are not stored with the tokens: the garbage collector would scan millions of objects.
    signTokens: () =>
      tokens.map((token) => asReceived(signClaims(withoutProof(openToken(token, secretKey)), signingKey))),
    material: {
      ringSecret: secret.toString('base64url'),
      contentKey: bytes.toString('base64url'),
      signingKey,
    },
  };
}

/**
 * Removes the proof of issuance, which other libraries see as a claim.
 * @param {Record<string, unknown>} claims
 * @returns {import('passport-jwe').ClaimsSet}
 */
export function withoutProof({ provenance: _, ...claims }) {
  return claims;
}

/** @param {import('passport-jwe').KeyRing} keyRing */
function exportAccessKey(keyRing) {
  const [jwk] = keyRing.exportAccessKeys(AUDIENCE).keys;
  return { kid: String(jwk.kid), bytes: Buffer.from(String(jwk.k), 'base64url') };
}

/** @param {Buffer} bytes */
function importCryptoKey(bytes) {
  return webcrypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

/**
 * @param {import('passport-jwe').ClaimsSet} claims
 * @param {string} signingKey
 */
export function signClaims(claims, signingKey) {
  const key = createSecretKey(signingKey, 'latin1');
  return jwt.sign(claims, key, { algorithm: 'HS256', header: { typ: 'at+jwt' } });
}

/** @param {import('passport-jwe').TokenIssuer} service */
async function issueTokens(service) {
  const tokens = [];
  while (tokens.length < TOKEN_COUNT) tokens.push(asReceived((await service.issue(REQUEST)).token));
  return tokens;
}

/**
 * Returns a flat copy, as an HTTP parser creates it. The first reader of a concatenated string would pay for flattening
 * it.
 * @param {string} token
 */
export function asReceived(token) {
  return Buffer.from(token, 'latin1').toString('latin1');
}
