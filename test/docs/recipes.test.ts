import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { readPages } from '../support/pages.js';

const ROOT = new URL('../../', import.meta.url);
const pages = await readPages(ROOT.pathname);

interface Quotation {
  readonly page: string;
  readonly path: string;
  readonly code: string;
}

/** Code blocks below a comment that names their file, such as `<!-- file: test/consumers/projects/nestjs/main.ts -->`. */
const quotations: readonly Quotation[] = [...pages].flatMap(([page, text]) =>
  [...text.matchAll(/^<!-- file: (\S+) -->\n```\w+\n([\s\S]*?)^```$/gm)].map(([, path = '', code = '']) => ({
    page,
    path,
    code,
  })),
);

test.each(quotations.map((each) => [each.page, each.path, each] as const))(
  '%s quotes %s as it is',
  async (_page, path, { code }) => {
    expect(code).toBe(await readFile(new URL(path, ROOT), 'utf8'));
  },
);

test('docs/recipes/nestjs.md quotes every file of the project', async () => {
  const quoted = quotations.filter(({ page }) => page === 'docs/recipes/nestjs.md').map(({ path }) => path);
  const folder = 'test/consumers/projects/nestjs/';
  const present = (await readdir(new URL(folder, ROOT))).map((name) => folder + name);

  expect(quoted.sort()).toEqual(present.sort());
});
