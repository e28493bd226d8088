import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, relative } from 'node:path';
import { listen } from './http.js';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.svg': 'image/svg+xml',
};

export interface StaticSite {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serve a directory as static file servers do: a path with a slash at the end is the `index.html` of the directory.
 *
 * @param mounts further directories, by the first segment of the path
 */
export async function serveStaticSite(
  directory: string,
  mounts: Readonly<Record<string, string>> = {},
): Promise<StaticSite> {
  const server = createServer(async (req, res) => {
    const { pathname } = new URL(req.url ?? '/', 'http://localhost');
    const [, first = '', ...rest] = decodeURIComponent(pathname).split('/');
    const mount = mounts[first];
    const path = mount === undefined ? join(directory, first, ...rest) : join(mount, ...rest);
    const file = pathname.endsWith('/') ? join(path, 'index.html') : path;
    const content = await readFile(file).catch(() => undefined);
    const type = TYPES[extname(file)] ?? 'application/octet-stream';
    if (content === undefined) res.writeHead(404).end();
    else res.writeHead(200, { 'content-type': type }).end(content);
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The HTML pages of a directory, by URL path: `/guides/accept/`. */
export function readHtmlPages(directory: string): ReadonlyMap<string, string> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  const pages = names.filter((name) => name.endsWith('.html'));
  return new Map(
    pages.map((name) => [
      `/${name.replace(/(?:^|(?<=\/))index\.html$/, '')}`,
      readFileSync(join(directory, name), 'utf8'),
    ]),
  );
}

/** Local links, images, styles and scripts that do not exist, each as `page: target`. */
export function findMissingTargets(
  pages: ReadonlyMap<string, string>,
  files: ReadonlySet<string>,
): readonly string[] {
  const anchors = new Map([...pages].map(([path, html]) => [path, anchorsOf(html)]));
  return [...pages].flatMap(([page, html]) =>
    [...new Set(linksOf(html))]
      .filter((link) => !exists(link, page, anchors, files))
      .map((link) => `${page}: ${link}`),
  );
}

function exists(
  link: string,
  page: string,
  anchors: ReadonlyMap<string, ReadonlySet<string>>,
  files: ReadonlySet<string>,
): boolean {
  const { pathname, hash } = new URL(link, `http://localhost${page}`);
  const ids = anchors.get(decodeURIComponent(pathname));
  if (ids === undefined) return files.has(decodeURIComponent(pathname)) && hash === '';
  return hash === '' || ids.has(decodeURIComponent(hash.slice(1)));
}

function anchorsOf(html: string): ReadonlySet<string> {
  return new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id = '']) => unescapeHtml(id)));
}

/** Links without those to other hosts. */
function linksOf(html: string): readonly string[] {
  return [...html.matchAll(/\s(?:href|src)="([^"]*)"/g)]
    .map(([, link = '']) => unescapeHtml(link))
    .filter((link) => !/^(?:[a-z][a-z+.-]*:|\/\/)/i.test(link));
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&amp;', '&');
}

/** All files of a directory, by URL path. */
export function listUrlPaths(directory: string): ReadonlySet<string> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return new Set(files.map(({ parentPath, name }) => join('/', relative(directory, parentPath), name)));
}
