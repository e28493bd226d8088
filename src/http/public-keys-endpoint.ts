import type { RequestHandler, Response } from 'express';
import { assertMethod } from '../base/options.js';
import { type KeyPublisher, sendPublicKeys } from './send-public-keys.js';
import { serveMetadata } from './serve-metadata.js';

/** URL of the JWK Set. The host is not compared with requests. */
const URL_OF_KEYS = new URL('https://api.example.com/.well-known/jwks.json');

/**
 * Middleware that publishes public keys as a JWK Set at `GET /.well-known/jwks.json` (RFC 7517 §5), for issuers that
 * encrypt to these keys. Mount it at the root of the application. Caches may store the set for 300 s, so publish each
 * new key at least this long before its first use.
 *
 * @param publishers decryption keys, key rings or verification keys, at least one.
 * @throws TypeError if there is no publisher, or a value has no public keys to export.
 * @example
 * const decryption = await createDecryptionKeys({ file: 'api.jwk' });
 * app.use(publicKeysEndpoint(decryption));
 */
export function publicKeysEndpoint(...publishers: readonly KeyPublisher[]): RequestHandler {
  const expected =
    'publicKeysEndpoint: publishers must be DecryptionKeys, KeyRings or VerificationKeys, for example await createDecryptionKeys(...)';
  if (publishers.length === 0) throw new TypeError(expected);
  for (const publisher of publishers) assertMethod(publisher, 'exportPublicKeys', expected);
  const send = (res: Response): void => sendPublicKeys(res, publishers);
  return serveMetadata({ documents: [{ url: URL_OF_KEYS, send }], where: 'publicKeysEndpoint' });
}
