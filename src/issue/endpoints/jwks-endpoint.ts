import type { RequestHandler } from 'express';
import type { JwkSet } from '../../keys/jwk.js';
import type { Endpoint } from './endpoint.js';

/** Media type of a JWK Set (RFC 7517 §8.5.2). */
const JWK_SET = 'application/jwk-set+json';

/** Cache lifetime of the JWK Set in seconds. Publish each new key at least this long before its first use. */
const MAX_AGE_SECONDS = 300;

/** Source of public keys to publish: a key ring or verification keys. */
export interface KeyPublisher {
  exportPublicKeys(): JwkSet;
}

/** Create `GET /jwks`, which publishes the current public keys (RFC 8414 §2, `jwks_uri`). */
export function jwksEndpoint(publishers: readonly KeyPublisher[]): Endpoint {
  return [publishKeys(publishers)];
}

function publishKeys(publishers: readonly KeyPublisher[]): RequestHandler {
  return function publishKeys(_req, res) {
    const keys = publishers.flatMap((publisher) => publisher.exportPublicKeys().keys);
    res
      .set('Cache-Control', `public, max-age=${MAX_AGE_SECONDS}`)
      .type(JWK_SET)
      .send(JSON.stringify({ keys }));
  };
}
