import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type PackedPackage, packPackage } from './packed-package.js';

/** Number of tests of each recipe. */
const RECIPES = { 'jest-commonjs': 3, 'jest-esm': 4, 'node-test': 3, 'ts-jest': 3, vitest: 3 };

let packed: PackedPackage;
let directory: string;

beforeAll(async () => {
  packed = await packPackage();
  directory = await packed.installExample('testing');
}, 240_000);

afterAll(() => packed.remove());

test('every recipe is run', async () => {
  const entries = await readdir(directory, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && entry.name !== 'node_modules');

  expect(folders.map(({ name }) => name).sort()).toEqual(Object.keys(RECIPES));
});

test.each(Object.entries(RECIPES))(
  'the tests of the recipe %s pass with the packed tarball',
  async (recipe, count) => {
    // The runner must not see the options of the one that runs this test.
    const { PATH, HOME } = process.env;
    const env = { PATH, HOME, NO_COLOR: '1' };
    const running = promisify(execFile)('npm', ['test'], { cwd: join(directory, recipe), env });
    const { stdout, stderr } = await running.catch((failure) => failure);

    expect(`${stdout}${stderr}`).toMatch(
      new RegExp(`^(Tests|\\s+Tests)\\b.*\\b${count} passed\\b|^(# |ℹ )pass ${count}$`, 'm'),
    );
    await expect(running).resolves.toBeDefined();
  },
  120_000,
);
