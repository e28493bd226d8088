import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
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
  '%s quotes %s verbatim',
  async (_page, path, { code }) => {
    expect(code).toBe(await readFile(new URL(path, ROOT), 'utf8'));
  },
);

test.each(['nestjs', 'hosts'])('the recipes quote every file of the project %s', async (project) => {
  const folder = `test/consumers/projects/${project}/`;
  const entries = await readdir(new URL(folder, ROOT), { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const present = files
    .map((file) => relative(ROOT.pathname, file))
    .filter((file) => !file.includes('/drivers/'));
  const quoted = quotations.map(({ path }) => path).filter((path) => path.startsWith(folder));

  expect(quoted.sort()).toEqual(present.sort());
});
