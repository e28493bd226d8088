import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTokenVerifier, loadApiKeys } from 'passport-jwe';
// Builds registries without files: loading a hundred thousand would take longer than everything else.
import { createApiKeyRegistry, digestSecret } from '../../dist/chunks/rooms.js';
import { cycle, oneAtATime, synchronous } from '../subjects.js';
import { AUDIENCE, ISSUER } from '../token.js';

/** Numbers of API keys. */
const SIZES = [10, 1000, 100_000];

/** Number of distinct tokens, each of another API key if there are enough. */
const TOKENS = 4000;

/** Number of distinct API keys to look up. */
const CLIENTS = 500;

const API_KEY_FILE = '{ key_id: one, api_key: k-bench, name: One, type: api_call, rate_limits: {} }';

/**
 * Verifies new tokens with an increasing number of API keys.
 * @param {import('../token.js').Fixture} fixture
 */
export async function createVerifyAmongScenario({ service: issuing, request, keyRing }) {
  const one = await loadOne();
  const subjects = [];
  for (const size of SIZES) {
    const apiKeys = createRegistry(one, size);
    const clients = spread(size, TOKENS);
    const issued = await Promise.all(
      clients.map((clientId) => issuing.issue({ ...request, clientId, subject: clientId })),
    );
    const nextToken = cycle(issued.map(({ token }) => token));
    const options = { keyRing, issuer: ISSUER, audience: AUDIENCE, apiKeys, tokenCache: false };
    const service = createTokenVerifier(options);
    subjects.push(oneAtATime(nameOf(size), () => service.verify(nextToken())));
  }
  return { name: 'verify, API keys', subjects };
}

/** Looks up the API key of a client among an increasing number. */
export async function createLookupScenario() {
  const one = await loadOne();
  return {
    name: 'authenticate, API keys',
    subjects: SIZES.map((size) => {
      const registry = createRegistry(one, size);
      const nextSecret = cycle(spread(size, CLIENTS).map(secretOf));
      return synchronous(nameOf(size), () =>
        registry.authenticate({ secret: nextSecret() }, Date.now() / 1000),
      );
    }),
  };
}

async function loadOne() {
  const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-bench-'));
  await writeFile(join(directory, 'one.yaml'), API_KEY_FILE);
  const { apiKeys } = await loadApiKeys({ directory });
  await rm(directory, { recursive: true });
  return apiKeys[0];
}

/**
 * @param {import('passport-jwe').ApiKey} one template of all API keys
 * @param {number} size
 */
function createRegistry(one, size) {
  const keyIds = spread(size, size);
  return createApiKeyRegistry(
    keyIds.map((keyId) => ({ apiKey: { ...one, keyId }, digest: digestSecret(secretOf(keyId)) })),
  );
}

/** Returns key IDs that are spread over the registry. */
function spread(size, count) {
  return Array.from({ length: count }, (_, index) => `client-${Math.floor((index * size) / count)}`);
}

/** @param {string} keyId */
function secretOf(keyId) {
  return `secret of ${keyId}, long enough to be one`;
}

/** @param {number} size */
function nameOf(size) {
  return `${size} API keys`;
}
