import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';

/** Keys of the authorization server and of the API. */
export interface Keys {
  /** Private key of the API. Access tokens are encrypted to its public key. */
  readonly api: { readonly kid: string; readonly privateKey: KeyObject; readonly publicKey: KeyObject };
  /** Keys with which the authorization server signs, as a JWK Set with private keys. */
  readonly signing: { readonly keys: readonly object[] };
  /** Secrets of the cookies and forms of the authorization server. */
  readonly cookie: string;
  readonly form: Buffer;
}

/**
 * Generate all keys. They are lost when the process ends, and so are all sessions. In production, read them from files: the
 * private key of the API belongs to the API only, and the authorization server needs no more than its public key.
 */
export function generateKeys(): Keys {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signing = { ...privateKey.export({ format: 'jwk' }), kid: 'signing-1', alg: 'ES256', use: 'sig' };
  return {
    api: { kid: 'api-1', ...generateKeyPairSync('x25519') },
    signing: { keys: [signing] },
    cookie: randomBytes(32).toString('base64url'),
    form: randomBytes(32),
  };
}
