import { createSecretKey, generateKeyPairSync, randomBytes, randomUUID, sign } from 'node:crypto';
import { CompactEncrypt } from 'jose';
import { createDecryptionKeys, createVerificationKeys } from 'passport-jwe';
import {
  agreeOnP256,
  agreeOnX25519,
  createFloor,
  createSignatureFloor,
  openCbc,
  openGcm,
  unwrapAes256,
  unwrapRsa,
} from './external-floor.js';
import { AUDIENCE } from './token.js';

export const EXTERNAL_ISSUER = 'https://idp.example.com';

/** Each token of a form is verified many times, but never cached. */
const TOKEN_COUNT = 200;

const LIFETIME_SECONDS = 60 * 60;

/**
 * A form of token, with its keys in the form that suits each competitor.
 * @typedef {object} ExternalForm
 * @property {string} name
 * @property {readonly string[]} tokens distinct tokens
 * @property {object} claims claims of the first token
 * @property {Omit<import('passport-jwe').TrustedIssuerOptions, 'issuer' | 'audience'>} options
 * @property {(token: string) => object} openByFloor
 * @property {JoseKeys} jose
 */

/**
 * @typedef {object} JoseKeys
 * @property {import('node:crypto').KeyObject | Uint8Array} decryptionKey
 * @property {import('jose').DecryptOptions} decryptOptions
 * @property {import('node:crypto').KeyObject} [verificationKey]
 * @property {import('jose').JWTVerifyOptions} [verifyOptions]
 */

/** Key pairs of signers, with the hash of the signature. */
const SIGNERS = {
  RS256: { hash: 'sha256', generate: () => generateKeyPairSync('rsa', { modulusLength: 2048 }) },
  ES256: { hash: 'sha256', generate: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }) },
  EdDSA: { hash: null, generate: () => generateKeyPairSync('ed25519') },
};

const generateRsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 });

/**
 * Representative forms, those that take least time first.
 * @type {readonly FormShape[]}
 */
const FORMS = [
  {
    ...{ alg: 'dir', enc: 'A256CBC-HS512', recipient: () => secretOf(64) },
    unwrap: (key) => {
      const bytes = key.export();
      return () => bytes;
    },
  },
  { alg: 'A256KW', enc: 'A256GCM', signed: 'ES256', recipient: () => secretOf(32), unwrap: unwrapAes256 },
  {
    ...{ alg: 'ECDH-ES', enc: 'A256GCM', signed: 'EdDSA', curve: 'X25519' },
    ...{ recipient: () => generateKeyPairSync('x25519'), unwrap: agreeOnX25519 },
  },
  {
    ...{ alg: 'ECDH-ES', enc: 'A256GCM', signed: 'ES256', curve: 'P-256' },
    ...{ recipient: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }), unwrap: agreeOnP256 },
  },
  {
    ...{ alg: 'RSA-OAEP', enc: 'A256CBC-HS512', signed: 'RS256' },
    ...{ recipient: generateRsa, unwrap: (key) => unwrapRsa(key, 'sha1') },
  },
  {
    ...{ alg: 'RSA-OAEP-256', enc: 'A256GCM', signed: 'RS256' },
    ...{ recipient: generateRsa, unwrap: (key) => unwrapRsa(key, 'sha256') },
  },
];

/**
 * @typedef {object} FormShape
 * @property {string} alg
 * @property {string} enc
 * @property {keyof typeof SIGNERS} [signed] absent for claims without a nested JWS
 * @property {string} [curve]
 * @property {() => KeyPair} recipient
 * @property {(key: import('node:crypto').KeyObject) => import('./external-floor.js').Unwrap} unwrap
 */

/** @typedef {{ publicKey: import('node:crypto').KeyObject, privateKey: import('node:crypto').KeyObject }} KeyPair */

/** @returns {KeyPair} the same secret twice */
function secretOf(bytes) {
  const secret = createSecretKey(randomBytes(bytes));
  return { publicKey: secret, privateKey: secret };
}

/** Creates each form with fresh keys. */
export const createExternalForms = FORMS.map((shape) => () => createForm(shape));

/** Names of the forms. */
export const EXTERNAL_FORMS = FORMS.map(nameForm);

/** @param {FormShape} shape */
function nameForm({ alg, enc, signed = 'unsigned', curve }) {
  return [curve === undefined ? alg : `${alg} ${curve}`, enc, signed].join(' + ');
}

/**
 * @param {FormShape} shape
 * @returns {Promise<ExternalForm>}
 */
async function createForm(shape) {
  const { alg, enc, signed, unwrap } = shape;
  const recipient = shape.recipient();
  const signer = signed && { alg: signed, ...SIGNERS[signed], ...SIGNERS[signed].generate() };
  const allClaims = Array.from({ length: TOKEN_COUNT }, signed ? createAccessClaims : createSessionClaims);
  const seal = createSealer({ alg, enc, recipient }, signer);
  const { privateKey } = recipient;
  const open = enc === 'A256GCM' ? openGcm : openCbc;
  return {
    name: nameForm(shape),
    tokens: await Promise.all(allClaims.map(seal)),
    claims: allClaims[0],
    options: await createOptions({ alg, enc, privateKey }, signer),
    openByFloor: createFloor(
      unwrap(privateKey),
      open,
      signer && createSignatureFloor(signer.publicKey, signer.hash),
    ),
    jose: createJoseKeys({ alg, enc, privateKey }, signer),
  };
}

/** Claims of an access token (RFC 9068 §2.2). */
function createAccessClaims() {
  return {
    ...{ iss: EXTERNAL_ISSUER, aud: AUDIENCE, sub: randomUUID(), client_id: 'reporting', jti: randomUUID() },
    ...createTimes(),
    ...{ scope: 'read:documents execute:models', tenant: 'acme', roles: ['editor', 'reviewer'] },
    ...{ email: 'alice@acme.example', name: 'Alice Example', auth_time: Math.floor(Date.now() / 1000) },
  };
}

/** Claims of a session of Auth.js, without `iss` and `aud`. */
function createSessionClaims() {
  return {
    ...{ name: 'Alice Example', email: 'alice@acme.example', picture: 'https://acme.example/alice.png' },
    ...{ sub: randomUUID(), jti: randomUUID(), ...createTimes() },
  };
}

function createTimes() {
  const iat = Math.floor(Date.now() / 1000);
  return { iat, exp: iat + LIFETIME_SECONDS };
}

/** @returns {(claims: object) => Promise<string>} */
function createSealer({ alg, enc, recipient }, signer) {
  const header = { alg, enc, kid: 'api-1', ...(signer && { typ: 'at+jwt', cty: 'JWT' }) };
  return async (claims) => {
    const text = signer ? signClaims(claims, signer) : JSON.stringify(claims);
    const sealed = new CompactEncrypt(Buffer.from(text)).setProtectedHeader(header);
    return asReceived(await sealed.encrypt(toJoseKey(recipient.publicKey)));
  };
}

function signClaims(claims, { alg, hash, privateKey }) {
  const header = { alg, kid: 'idp-1', typ: 'at+jwt' };
  const input = [header, claims].map((part) => encode(JSON.stringify(part))).join('.');
  const signature = sign(hash, Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

async function createOptions({ alg, enc, privateKey }, signer) {
  const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'api-1', alg, enc, use: 'enc' };
  const accepted = {
    decryption: await createDecryptionKeys({ jwk }),
    ...{ keyManagementAlgorithms: [alg], contentEncryptionAlgorithms: [enc] },
  };
  if (signer === undefined) return { ...accepted, scopes: [], typ: [null], impliedClaims: ['iss', 'aud'] };
  const key = { ...signer.publicKey.export({ format: 'jwk' }), kid: 'idp-1', alg: signer.alg, use: 'sig' };
  const verification = await createVerificationKeys({ jwk: key });
  return { ...accepted, scopes: ['read:documents', 'execute:models'], verification };
}

/** @returns {JoseKeys} */
function createJoseKeys({ alg, enc, privateKey }, signer) {
  return {
    decryptionKey: toJoseKey(privateKey),
    decryptOptions: { keyManagementAlgorithms: [alg], contentEncryptionAlgorithms: [enc] },
    verificationKey: signer?.publicKey,
    verifyOptions: {
      ...{ issuer: EXTERNAL_ISSUER, audience: AUDIENCE, typ: 'at+jwt', algorithms: signer && [signer.alg] },
      requiredClaims: ['iss', 'aud', 'exp', 'iat', 'jti'],
    },
  };
}

/** jose takes bytes for secrets in less time than a KeyObject. */
function toJoseKey(key) {
  return key.type === 'secret' ? key.export() : key;
}

/** @param {string} text */
function encode(text) {
  return Buffer.from(text).toString('base64url');
}

/**
 * Returns a flat copy, as an HTTP parser creates it.
 * @param {string} token
 */
function asReceived(token) {
  return Buffer.from(token, 'latin1').toString('latin1');
}
