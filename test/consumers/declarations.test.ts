import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { ENTRIES } from '../../scripts/bundle.js';
import { readDeclarations } from '../../scripts/types/read-declarations.js';
import { readPublicNames } from '../support/public-names.js';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));

const entryAt = (source: string) => join(DIST, source.replace(/^src\/(.*)\.ts$/, '$1.d.ts'));

/** The built declarations of an entry point: its file, and the files and packages that TypeScript reads for it. */
async function readBuilt(source: string) {
  const files = new Set([entryAt(source)]);
  const packages = new Set<string>();
  for (const file of files) {
    const text = await readFile(file, 'utf8');
    for (const [, from = ''] of text.matchAll(/^(?:import|export) .* from '([^']+)';$/gm)) {
      if (from.startsWith('.')) files.add(resolve(dirname(file), from.replace(/\.js$/, '.d.ts')));
      else packages.add(from);
    }
  }
  return { files, packages: [...packages].sort() };
}

const allFiles = async () => {
  const built = await Promise.all([...ENTRIES.values()].map(readBuilt));
  return [...new Set(built.flatMap(({ files }) => [...files]))];
};

describe('the declarations of', () => {
  test.each([...ENTRIES])(
    '%s export the values and types of the source, and no others',
    async (_, source) => {
      const exports = [...readDeclarations(entryAt(source)).exports];
      const namesOf = (type: boolean) =>
        exports.flatMap(([name, { isType }]) => (isType === type ? [name] : [])).sort();

      expect({ values: namesOf(false), types: namesOf(true) }).toEqual(
        await readPublicNames(source.replace('src/', '')),
      );
    },
  );

  test.each([
    ['./audit', []],
    ['./monitor', []],
    ['./stores', []],
    ['./lmdb', []],
    ['./vault', []],
    ['./ldap', []],
    ['./redis', ['ioredis']],
    ['./api-keys', ['node:crypto', 'node:http', 'node:util']],
    ['./testing', ['node:crypto', 'node:http', 'node:util']],
    ['./accept', ['express', 'node:crypto', 'node:http', 'node:util']],
    ['.', ['express', 'node:crypto', 'node:http', 'node:util']],
  ])('%s require the types of %j', async (subpath, packages) => {
    expect((await readBuilt(ENTRIES.get(subpath) ?? '')).packages).toEqual(packages);
  });
});

test('each type is declared once, so that entry points agree on it', async () => {
  const files = await allFiles();
  const names = files.flatMap((file) => [...readDeclarations(file).declarations.keys()]);

  expect(names.length).toBeGreaterThan(300);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

test('the declarations are at most 16 files', async () => {
  expect((await allFiles()).length).toBeLessThanOrEqual(16);
});

test('every function and class has its docstring', async () => {
  const files = await allFiles();
  const docstrings = new Map(
    files.flatMap((file) => {
      return [...readDeclarations(file).declarations].map(([name, { parts }]) => [name, parts[0]?.docstring]);
    }),
  );
  const exports = [...ENTRIES.values()].flatMap((source) => [...readDeclarations(entryAt(source)).exports]);
  const names = new Set(exports.flatMap(([name, { isType }]) => (isType ? [] : [name])));

  expect(names.size).toBeGreaterThan(80);
  expect([...names].filter((name) => !docstrings.get(name)?.startsWith('/**'))).toEqual([]);
});
