import type { RequestHandler } from 'express';
import type { JwkSet } from '../keys/jwk.js';

/** RFC 7517 section 8.5.2. */
const JWK_SET = 'application/jwk-set+json';

/** How long readers may keep a set, in seconds: a new key must be published for longer before it is used. */
const MAX_AGE_SECONDS = 300;

/** Answers with the public keys as they are at the time (RFC 8414 section 2, `jwks_uri`). */
export function publishKeys(sources: readonly { exportPublicKeys(): JwkSet }[]): RequestHandler {
  return function answerKeys(_req, res) {
    const keys = sources.flatMap((source) => source.exportPublicKeys().keys);
    res
      .set('Cache-Control', `public, max-age=${MAX_AGE_SECONDS}`)
      .type(JWK_SET)
      .send(JSON.stringify({ keys }));
  };
}
