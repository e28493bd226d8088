import { expect, test } from '@jest/globals';
import { findPackFaults } from '../../scripts/release/find-pack-faults.js';

const MANIFEST = {
  exports: {
    '.': { types: './dist/index.d.ts', default: './dist/index.js' },
    './package.json': './package.json',
  },
  bin: { tool: './dist/cli/main.js' },
};
const COMPLETE = [
  ...['README.md', 'CHANGELOG.md', 'SECURITY.md', 'LICENSE', 'package.json', 'docs/guides/keys.md'],
  ...['dist/index.js', 'dist/index.d.ts', 'dist/cli/main.js', 'dist/base/clock.js'],
];

test('a tarball with the documents, docs/ and every target of exports and bin is complete', () => {
  expect(findPackFaults(MANIFEST, COMPLETE)).toEqual([]);
});

test('every missing file is reported by its path', () => {
  for (const path of COMPLETE.filter((path) => path !== 'dist/base/clock.js')) {
    const others = COMPLETE.filter((other) => other !== path);

    expect(findPackFaults(MANIFEST, others)).toEqual([
      path === 'docs/guides/keys.md' ? 'docs/ is missing' : `${path} is missing`,
    ]);
  }
});

test('sources, tests and secrets do not belong into the package', () => {
  const surplus = ['src/index.ts', 'test/readme.test.ts', '.env'];

  expect(findPackFaults(MANIFEST, [...COMPLETE, ...surplus])).toEqual(
    surplus.map((path) => `${path} does not belong in the package`),
  );
});
