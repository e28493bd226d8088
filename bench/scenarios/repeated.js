import { deepEqual } from 'node:assert/strict';
import { createTokenVerifier } from 'passport-jwe';
import { openToken } from '../floor.js';
import { cycle, oneAtATime, synchronous } from '../subjects.js';
import { AUDIENCE, ISSUER } from '../token.js';

/**
 * Verifies a hundred tokens repeatedly, with and without the cache of decrypted tokens.
 * @param {import('../token.js').Fixture} fixture
 * @returns {Promise<import('../measure.js').Scenario>}
 */
export async function createRepeatedScenario({ tokens, claims, keyRing, secretKey }) {
  const options = { keyRing, issuer: ISSUER, audience: AUDIENCE };
  const cached = createTokenVerifier(options);
  const uncached = createTokenVerifier({ ...options, tokenCache: false });
  const repeated = tokens.slice(0, 100);
  const onEach = (read) => {
    const nextToken = cycle(repeated);
    return () => read(nextToken());
  };

  for (const service of [cached, uncached]) deepEqual((await service.verify(tokens[0])).claims, claims);
  return {
    name: 'verify, repeated',
    subjects: [
      synchronous(
        'floor',
        onEach((token) => openToken(token, secretKey)),
      ),
      oneAtATime(
        'passport-jwe',
        onEach((token) => cached.verify(token)),
      ),
      oneAtATime(
        'without the cache',
        onEach((token) => uncached.verify(token)),
      ),
    ],
  };
}
