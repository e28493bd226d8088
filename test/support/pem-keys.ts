import { generateKeyPairSync } from 'node:crypto';

const publicKeyEncoding = { type: 'spki', format: 'pem' } as const;

/** Passphrase of the encrypted keys. */
export const PASSPHRASE = 'correct horse battery staple';

const cipher = { cipher: 'aes-256-cbc', passphrase: PASSPHRASE } as const;
const rsa = { modulusLength: 2048, publicKeyEncoding } as const;
const ec = { namedCurve: 'P-521', publicKeyEncoding } as const;

/** A private key in each PEM form, by the name of the form. */
export const PEM_KEYS = {
  'PKCS#8, RSA': generateKeyPairSync('rsa', { ...rsa, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } }),
  'PKCS#8, EC': generateKeyPairSync('ec', { ...ec, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } }),
  'PKCS#8, X25519': generateKeyPairSync('x25519', {
    publicKeyEncoding,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  }),
  'PKCS#1': generateKeyPairSync('rsa', { ...rsa, privateKeyEncoding: { type: 'pkcs1', format: 'pem' } }),
  'SEC 1': generateKeyPairSync('ec', { ...ec, privateKeyEncoding: { type: 'sec1', format: 'pem' } }),
};

/** An encrypted private key in each PEM form. */
export const ENCRYPTED_PEM_KEYS = {
  'PKCS#8': generateKeyPairSync('rsa', {
    ...rsa,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', ...cipher },
  }),
  'PKCS#1': generateKeyPairSync('rsa', {
    ...rsa,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem', ...cipher },
  }),
};

/** A private key that cannot decrypt. */
export const ED25519_PEM = generateKeyPairSync('ed25519', {
  publicKeyEncoding,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
