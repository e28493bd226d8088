import type { Response } from 'express';
import type { JwkSet } from '../keys/jwk.js';

/** Media type of a JWK Set (RFC 7517 §8.5.2). */
const JWK_SET = 'application/jwk-set+json';

/** Cache lifetime of the JWK Set in seconds. Publish each new key at least this long before its first use. */
const MAX_AGE_SECONDS = 300;

/** Source of public keys to publish: a key ring, decryption keys or verification keys. */
export interface KeyPublisher {
  /** Return the public keys as JWKs. */
  exportPublicKeys(): JwkSet;
}

/** Send the current public keys of all publishers as one JWK Set. */
export function sendPublicKeys(res: Response, publishers: readonly KeyPublisher[]): void {
  const keys = publishers.flatMap((publisher) => publisher.exportPublicKeys().keys);
  res.set('Cache-Control', `public, max-age=${MAX_AGE_SECONDS}`).type(JWK_SET).send(JSON.stringify({ keys }));
}
