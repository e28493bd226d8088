import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { readPublicDocstrings } from '../support/public-docstrings.js';

const { exports } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));

const files = Object.values<string | { readonly types: string }>(exports).flatMap((entry) =>
  typeof entry === 'string' ? [] : [entry.types.replace(/^\.\/dist\/(.*)\.d\.ts$/, '$1.ts')],
);
const entries = await Promise.all(files.map((file) => readPublicDocstrings(file)));

test('every entry of the package has functions or classes to document', () => {
  expect(files).toHaveLength(13);
  expect(entries.filter((names) => names.size === 0)).toEqual([]);
  expect(new Set(entries.flatMap((names) => [...names.keys()])).size).toBeGreaterThan(80);
});

test.each(entries.map((names, index) => [files[index], names] as const))(
  'every exported function and class of %s has a docstring with an example',
  (_file, names) => {
    const incomplete = [...names.values()].filter(
      ({ docstring }) => !/^\*\s+(?:\* )?\S[\s\S]*@example\s+\S/.test(docstring),
    );

    expect(incomplete.map(({ name, file }) => `${file}: ${name}`)).toEqual([]);
  },
);
