import jestConfig from './jest.config.js';

const FOLDERS = ['http', 'token', 'keys'];

/** They start other programs, or wait for files and keys. Faster tests show the same. */
const LONG = [
  '\\.slow\\.test\\.ts$',
  'python',
  'legacy-peers',
  'other-libraries',
  'open-key-ring',
  'derive-from-passphrase',
  'sources/',
  'vault/',
];

const { displayName: _, ...project } = jestConfig.projects[0];

/** Mutates the code that accepts and rejects tokens, and reports the mutants that no test detects. */
export default {
  mutate: FOLDERS.map((folder) => `src/${folder}/**/*.ts`),
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules'],
  coverageAnalysis: 'perTest',
  // A runner that has just started loads everything first. In the default of 5 s it often cannot, and the next starts
  // anew: change after change would count as found, by nothing but that.
  timeoutMS: 60_000,
  jest: {
    config: {
      ...project,
      testMatch: [...FOLDERS, 'attacks'].map((folder) => `<rootDir>/test/${folder}/**/*.test.ts`),
      testPathIgnorePatterns: LONG,
    },
  },
  // It would rewrite tsconfig.json by the JavaScript API of TypeScript, which version 7 has not.
  tsconfigFile: 'none.json',
  reporters: ['clear-text', 'progress-append-only', 'json'],
  jsonReporter: { fileName: 'coverage/mutation.json' },
  clearTextReporter: { allowColor: false, logTests: false },
};
