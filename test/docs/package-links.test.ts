import { access, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { readPages } from '../support/pages.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FORGE = 'https://github.com/passport-jwe/passport-jwe/blob/main/';
const { files } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));

/** Pages that a reader of the npm package opens on disk. The registry shows README.md with links to the repository. */
const pages = new Map(
  [
    ...(await readPages(ROOT)),
    ['SECURITY.md', await readFile(join(ROOT, 'SECURITY.md'), 'utf8')] as const,
  ].filter(([path]) => path !== 'README.md'),
);
const links = [...pages].flatMap(([page, text]) =>
  [...text.matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => ({ page, target })),
);

describe('the links of the pages in the npm package', () => {
  test('lead to files of the package, or have a URL', () => {
    const relative = links.filter(({ target }) => !/^[a-z]+:/.test(target));
    const packaged = [...files, 'README.md', 'LICENSE'];
    const outside = relative.filter(({ page, target }) => {
      const path = normalize(join(dirname(page), target));
      return !packaged.some((entry) => path === entry || path.startsWith(`${entry}/`));
    });

    expect(relative.length).toBeGreaterThan(500);
    expect(outside).toEqual([]);
  });

  test('to the repository name files that exist', async () => {
    const paths = links
      .filter(({ target }) => target.startsWith(FORGE))
      .map(({ target }) => target.slice(FORGE.length));

    expect(paths.length).toBeGreaterThan(5);
    await Promise.all(paths.map((path) => access(join(ROOT, path))));
  });
});
