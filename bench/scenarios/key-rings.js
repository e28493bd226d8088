import { randomBytes } from 'node:crypto';
import { createKeyRing, createTokenIssuer, createTokenVerifier } from 'passport-jwe';
import { cycle, oneAtATime } from '../subjects.js';
import { AUDIENCE, ISSUER } from '../token.js';

/** Numbers of root keys in the ring. */
const SIZES = [1, 10, 100];

/** Number of distinct tokens. */
const TOKENS = 4000;

/**
 * Verifies new tokens with an increasing number of keys, each token under another key than the previous one.
 * @param {import('../token.js').Fixture} fixture
 */
export async function createKeyRingScenario({ request }) {
  const subjects = [];
  for (const size of SIZES) {
    const roots = Array.from({ length: size }, () => ({ secret: randomBytes(32) }));
    const nextToken = cycle(await issueUnderEach(roots, request));
    const [current, ...previous] = roots;
    const service = await createService({ current, previous });
    subjects.push(oneAtATime(size === 1 ? '1 root' : `${size} roots`, () => service.verify(nextToken())));
  }
  return { name: 'verify, key ring', subjects };
}

/** Issues tokens under the keys in turn, so that no key is used twice in a row. */
async function issueUnderEach(roots, request) {
  const services = await Promise.all(roots.map((current) => createService({ current })));
  const issued = await Promise.all(
    Array.from({ length: TOKENS }, (_, index) => services[index % services.length].issue(request)),
  );
  return issued.map(({ token }) => token);
}

/** @param {import('passport-jwe').KeyRingOptions} keys */
async function createService(keys) {
  const keyRing = await createKeyRing(keys);
  const { issue } = createTokenIssuer({ keyRing, issuer: ISSUER });
  const { verify } = createTokenVerifier({ keyRing, issuer: ISSUER, audience: AUDIENCE, tokenCache: false });
  return { issue, verify };
}
