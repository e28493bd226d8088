import { randomBytes } from 'node:crypto';
import { assembleKeyRing } from '../keys/assemble-key-ring.js';
import { ROOT_SECRET_BYTES } from '../keys/assert-key-bytes.js';
import type { KeyRing } from '../keys/key-ring.js';
import { parseJwk } from '../keys/parse-jwk.js';
import { toRootJwk } from '../keys/read-key-spec.js';

/** Environment of test key rings: an input of key derivation. */
const ENVIRONMENT = 'test';

/** One root for the process. It is random, so that a forgotten test key ring accepts no forged token. */
const ROOT = toRootJwk(randomBytes(ROOT_SECRET_BYTES));

/**
 * Create a key ring for the tests of an application. All test key rings of a process share one random root, so each of
 * them decrypts the tokens of the others and of `mintToken()`.
 *
 * @throws Error if `NODE_ENV` is `production`
 *
 * @example
 * const app = createApp({ keyRing: createTestKeyRing(), issuer: TEST_ISSUER, audience: TEST_AUDIENCE });
 */
export function createTestKeyRing(): KeyRing {
  if (process.env['NODE_ENV'] === 'production') {
    throw new Error(
      'createTestKeyRing: NODE_ENV is production, where the keys of tests are not allowed: create the key ring with createKeyRing() or openKeyRing()',
    );
  }
  return assembleKeyRing({ environment: ENVIRONMENT, enc: 'A256GCM', materials: [parseJwk(ROOT)] });
}
