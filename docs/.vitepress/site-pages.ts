import { readdirSync } from 'node:fs';
import { join, posix } from 'node:path';

/** Source files outside `docs/` that are pages of the site, by path from the root of the repository. */
const OUTSIDE: ReadonlyMap<string, string> = new Map([
  ['README.md', 'overview'],
  ['CHANGELOG.md', 'changelog'],
  ['SECURITY.md', 'security'],
  ['examples/gateway/README.md', 'runbooks/gateway'],
]);

/** Directories whose Markdown files are pages, with their directory on the site. */
const DIRECTORIES: readonly (readonly [source: string, route: string])[] = [
  ['docs/', ''],
  ['examples/gateway/runbooks/', 'runbooks/'],
];

/** Files that the site does not contain, as patterns from the root of the repository. */
export const EXCLUDED: readonly string[] = [
  '!(docs|examples|README.md|CHANGELOG.md|SECURITY.md)',
  '!(docs|examples)/**/*',
  'examples/!(gateway)/**/*',
  'examples/gateway/!(runbooks|README.md)',
  'examples/gateway/!(runbooks)/**/*',
];

/**
 * Path of a page on the site, without slashes at its ends, for example `guides/accept`. The home page has the path `''`.
 *
 * @param source path from the root of the repository
 * @returns `undefined` if the source is not a page
 */
export function routeOf(source: string): string | undefined {
  const outside = OUTSIDE.get(source);
  if (outside !== undefined || !source.endsWith('.md')) return outside;
  const directory = DIRECTORIES.find(([path]) => source.startsWith(path));
  if (directory === undefined) return undefined;
  const [path, route] = directory;
  const name = source.slice(path.length, -'.md'.length);
  return `${route}${name}`.replace(/(?:^|\/)README$/, '');
}

/** URL of a page below the base of the site. Each page is a directory, so every static file server finds the page. */
export function urlOf(route: string): string {
  return route === '' ? '/' : `/${route}/`;
}

/** File of a page, below the output directory. */
export function fileOf(source: string): string {
  const route = routeOf(source);
  return route === undefined ? source : posix.join(route, 'index.md');
}

/** Directories in `docs/` that the site installs or generates. */
const GENERATED: ReadonlySet<string> = new Set(['.vitepress', 'api', 'node_modules']);

/**
 * List the source files of the pages, except the API reference.
 *
 * @param root root of the repository
 */
export function listSources(root: string): readonly string[] {
  return [...OUTSIDE.keys(), ...DIRECTORIES.flatMap(([directory]) => listMarkdown(root, directory)).sort()];
}

function listMarkdown(root: string, directory: string): readonly string[] {
  return readdirSync(join(root, directory), { withFileTypes: true }).flatMap((entry) => {
    const path = `${directory}${entry.name}`;
    if (!entry.isDirectory()) return path.endsWith('.md') ? [path] : [];
    return GENERATED.has(entry.name) ? [] : listMarkdown(root, `${path}/`);
  });
}
