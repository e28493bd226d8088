import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { Jwk } from './jwk.js';

/** Start of a private key: PKCS#8, encrypted PKCS#8, PKCS#1 or SEC 1 (RFC 7468 §10, §11). */
const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/g;

/** PKCS#8, or PKCS#1 and SEC 1 with the headers of RFC 1421 §4.6.1.1. */
const ENCRYPTED = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;

/**
 * Read the private key of a PEM text as a JWK. Line breaks may be written as `\n`, as in some environment variables.
 *
 * @param passphrase passphrase of an encrypted key.
 * @throws TypeError if the text does not contain exactly one private key, the passphrase is missing, unnecessary or
 *   wrong, or JWK has no form for the key. The message contains no key material.
 */
export function readPrivatePem(text: string, passphrase?: string): Jwk {
  const pem = text.replaceAll('\\n', '\n');
  const count = pem.match(PRIVATE_KEY)?.length ?? 0;
  if (count !== 1)
    throw new TypeError(
      `the PEM text must contain exactly one private key, not ${count}: export one private key as PKCS#8`,
    );
  const isEncrypted = ENCRYPTED.test(pem);
  if (isEncrypted && passphrase === undefined)
    throw new TypeError('the private key is encrypted: set passphrase');
  if (!isEncrypted && passphrase !== undefined)
    throw new TypeError('passphrase must not be set, because the private key is not encrypted: remove it');
  const key = importPrivateKey(pem, passphrase);
  if (key === undefined) {
    throw new TypeError(
      isEncrypted
        ? 'the private key cannot be decrypted: check passphrase, and that the PEM text is complete'
        : 'the private key cannot be read: export it again as PKCS#8',
    );
  }
  return exportJwk(key);
}

/** Import a key. Discard errors of Node.js, which could contain key material. */
function importPrivateKey(pem: string, passphrase: string | undefined): KeyObject | undefined {
  try {
    return createPrivateKey({ key: pem, format: 'pem', ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    return undefined;
  }
}

function exportJwk(key: KeyObject): Jwk {
  try {
    return { ...key.export({ format: 'jwk' }) };
  } catch {
    throw new TypeError(
      'the private key must be an RSA, EC or X25519 key: generate a key of one of these types',
    );
  }
}
