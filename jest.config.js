import { fileURLToPath } from 'node:url';

/**
 * Files named `*.slow.test.ts` start many processes or wait long. `npm test` leaves them out, `npm run test:slow` runs
 * nothing else, and Jest by itself runs whatever it is given.
 */
const IGNORED = {
  fast: ['\\.slow\\.test\\.ts$'],
  slow: ['(?<!\\.slow)\\.test\\.ts$'],
  all: [],
};
const ignored = IGNORED[process.env.TIER ?? 'all'];
if (ignored === undefined) throw new Error(`TIER must be one of ${Object.keys(IGNORED).join(', ')}`);

const shared = {
  // An absolute path, as Stryker does not know <rootDir>.
  testEnvironment: fileURLToPath(new URL('test/support/fresh-environment.cjs', import.meta.url)),
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } }],
  },
  extensionsToTreatAsEsm: ['.ts'],
  testPathIgnorePatterns: ignored,
};

const toSource = {
  '^passport-jwe$': '<rootDir>/src/index.ts',
  '^passport-jwe/accept$': '<rootDir>/src/accept/index.ts',
  '^passport-jwe/issue$': '<rootDir>/src/issue/index.ts',
  '^passport-jwe/api-keys$': '<rootDir>/src/api-keys/index.ts',
  '^passport-jwe/vault$': '<rootDir>/src/keys/vault/index.ts',
  '^passport-jwe/audit$': '<rootDir>/src/audit/index.ts',
  '^passport-jwe/monitor$': '<rootDir>/src/monitor/index.ts',
  '^passport-jwe/stores$': '<rootDir>/src/stores/index.ts',
  '^passport-jwe/lmdb$': '<rootDir>/src/stores/lmdb/open-lmdb-stores.ts',
  '^passport-jwe/redis$': '<rootDir>/src/stores/redis/open-redis-stores.ts',
  '^passport-jwe/ldap$': '<rootDir>/src/directory/ldap/ldap-directory.ts',
  '^passport-jwe/mcp$': '<rootDir>/src/accept/mcp/index.ts',
  '^passport-jwe/testing$': '<rootDir>/src/testing/index.ts',
  '^(\\.{1,2}/.*)\\.js$': '$1',
};

/** Everything runs on Express 5; what touches Express runs a second time on Express 4. */
export default {
  // One per core, as tests wait for processes, disks and sockets half of the time.
  maxWorkers: '100%',
  // Modules of finished tests stay in memory; a process that has grown is replaced, as its garbage collection would
  // hold up tests of what is answered in time.
  workerIdleMemoryLimit: '512MB',
  // Some tests start processes, and two cores may be busy.
  testTimeout: 30_000,
  projects: [
    {
      ...shared,
      displayName: 'express 5',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      moduleNameMapper: toSource,
    },
    {
      ...shared,
      displayName: 'express 4',
      testMatch: [
        '<rootDir>/test/{accept,http,issue}/**/*.test.ts',
        '<rootDir>/test/{limits/limit-requests,sessions/session-*}.test.ts',
      ],
      moduleNameMapper: { ...toSource, '^express$': 'express4' },
    },
  ],
};
