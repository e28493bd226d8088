import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryStores, createRevocations, createTokenVerifier } from 'passport-jwe';
import { openLmdbStores } from 'passport-jwe/lmdb';
import { cycle, oneAtATime } from '../subjects.js';
import { AUDIENCE, ISSUER } from '../token.js';

/** Numbers of revoked tokens. */
const SIZES = [1000, 100_000, 1_000_000];

/** Entries added at a time, in one LMDB transaction. */
const BATCH = 20_000;

const LIFETIME_SECONDS = 24 * 60 * 60;

/**
 * A driver and the size of its entries.
 * @typedef {object} Driver
 * @property {string} name
 * @property {(directory: string) => Promise<import('passport-jwe').Stores>} open
 * @property {(directory: string) => Promise<number>} bytes size of all entries
 */

/** @type {readonly Driver[]} The replica of the Redis driver stores entries like the memory driver. */
const DRIVERS = [
  { name: 'memory', open: async () => createMemoryStores(), bytes: async () => usedHeap() },
  {
    name: 'LMDB',
    open: (path) => openLmdbStores({ path, clock: anHourAgo }),
    bytes: async (path) => (await stat(join(path, 'data.mdb'))).size,
  },
];

/** Verifies tokens that are not revoked, with an increasing number of revocations. */
export const createRevocationScenarios = DRIVERS.map(
  (driver) => (fixture) => createScenario(driver, fixture),
);

/**
 * @param {Driver} driver
 * @param {import('../token.js').Fixture} fixture
 * @returns {Promise<import('../measure.js').Scenario>}
 */
async function createScenario(driver, { tokens, keyRing }) {
  const nextToken = cycle(tokens);
  const filled = [];
  for (const size of SIZES) filled.push(await fill(driver, size));
  return {
    name: `revoked, ${driver.name}`,
    subjects: filled.map(({ size, revocations }) => {
      // Each token is decrypted, as a new one is: the bounds refer to that.
      const options = { keyRing, issuer: ISSUER, audience: AUDIENCE, revocations, tokenCache: false };
      const service = createTokenVerifier(options);
      return oneAtATime(nameOf(size), () => service.verify(nextToken()));
    }),
    facts: filled.map(({ size, bytesPerEntry }) => ({
      subject: nameOf(size),
      unit: 'bytes/entry',
      value: bytesPerEntry,
    })),
    async dispose() {
      for (const { dispose } of filled) await dispose();
    },
  };
}

/**
 * @param {Driver} driver
 * @param {number} size
 */
async function fill(driver, size) {
  const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-bench-'));
  const stores = await driver.open(directory);
  const revocations = createRevocations({ stores });
  const before = await driver.bytes(directory);
  const expiresAt = Date.now() / 1000 + LIFETIME_SECONDS;
  for (let added = 0; added < size; added += BATCH) {
    const targets = Array.from({ length: Math.min(BATCH, size - added) }, randomUUID);
    await Promise.all(targets.map((jti) => revocations.revoke({ kind: 'token', jti, expiresAt })));
  }
  return {
    size,
    revocations,
    bytesPerEntry: ((await driver.bytes(directory)) - before) / size,
    async dispose() {
      await stores.close();
      await rm(directory, { recursive: true });
    },
  };
}

/** A new store rejects tokens older than itself, such as those of the fixture. */
function anHourAgo() {
  return Date.now() / 1000 - 3600;
}

function usedHeap() {
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

/** @param {number} size */
function nameOf(size) {
  return `${size} entries`;
}
