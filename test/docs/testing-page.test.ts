import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';

const ROOT = new URL('../../', import.meta.url);
const EXAMPLE = 'examples/testing';
const page = await readFile(new URL('docs/recipes/testing.md', ROOT), 'utf8');

/** Quoted files, which test/docs/recipes.test.ts compares with the page. */
const quoted = [...page.matchAll(/<!-- file: (\S+) -->/g)].map(([, file = '']) => file);

const readText = (path: string) => readFile(new URL(path, ROOT), 'utf8');

async function listFiles(): Promise<readonly string[]> {
  const names = await readdir(new URL(EXAMPLE, ROOT), { recursive: true });
  return names.filter((name) => /^[\w-]+\/[\w.-]+\.\w+$/.test(name) && !name.startsWith('node_modules'));
}

test('docs/recipes/testing.md shows every file of the recipes, or one with the same content', async () => {
  const files = await listFiles();
  const texts = await Promise.all(files.map((file) => readText(`${EXAMPLE}/${file}`)));
  const shown = await Promise.all(quoted.map(readText));

  expect(files.length).toBeGreaterThan(15);
  expect(files.filter((_file, index) => !shown.includes(texts[index] ?? ''))).toEqual([]);
});
