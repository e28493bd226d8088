import { access, readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { listSources } from '../../docs/.vitepress/site-pages.js';

/** README.md and all pages of docs, by path from the root of the repository. */
export async function readPages(root: string): Promise<ReadonlyMap<string, string>> {
  const paths = listSources(root).filter((path) => path === 'README.md' || path.startsWith('docs/'));
  const texts = await Promise.all(paths.map((path) => readFile(join(root, path), 'utf8')));
  return new Map(paths.map((path, index) => [path, texts[index] ?? '']));
}

/** Relative links whose file or heading does not exist, each as `page: target`. */
export async function findBrokenLinks(
  root: string,
  pages: ReadonlyMap<string, string>,
): Promise<readonly string[]> {
  const links = [...pages].flatMap(([page, text]) =>
    [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => ({ page, target })),
  );
  const isBroken = await Promise.all(
    links.map(async ({ page, target }) => {
      if (/^[a-z]+:/.test(target)) return false;
      const [path = '', heading] = target.split('#');
      const file = path === '' ? page : posix.join(posix.dirname(page), path);
      if (heading === undefined) return !(await exists(join(root, file)));
      const text = await readFile(join(root, file), 'utf8').catch(() => '');
      return !headingsOf(text).has(heading);
    }),
  );
  return links.filter((_link, index) => isBroken[index]).map(({ page, target }) => `${page}: ${target}`);
}

/** The anchors that GitHub gives to headings; the second of equal ones ends with `-1`. */
function headingsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, title = ''] of withoutCode(text).matchAll(/^#{1,6} +(.+)$/gm)) {
    const anchor = title
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count += 1) unique = `${anchor}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

function withoutCode(text: string): string {
  return text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '');
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
