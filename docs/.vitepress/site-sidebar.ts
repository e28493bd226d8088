import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveLink } from './site-links.js';
import { listSources, routeOf, urlOf } from './site-pages.js';

export interface SidebarItem {
  text: string;
  link?: string;
  items?: SidebarItem[];
  collapsed?: boolean;
}

/** Title and URL of a page. */
export interface PageLink {
  readonly text: string;
  readonly link: string;
}

/** Pages that are in no table of the index. */
const PROJECT = /^\/(?:changelog|security)\/$/;

/**
 * Sidebar of all pages except the API reference.
 *
 * @param root root of the repository
 */
export function readSiteSidebar(root: string): SidebarItem[] {
  const read = (source: string) => readFileSync(join(root, source), 'utf8');
  const pages = listSources(root).map((source) => ({
    text: titleOf(read(source)),
    link: urlOf(routeOf(source) ?? ''),
  }));
  const items = pages.filter(({ link }) => PROJECT.test(link));
  return [...readSidebar(read('docs/README.md'), pages), { text: 'Project', items, collapsed: true }];
}

/**
 * Read the sidebar from the tables of `docs/README.md`: a group for each section, an item for each link in the first
 * column.
 *
 * @param pages all pages. The pages below a listed page are its children
 */
export function readSidebar(index: string, pages: readonly PageLink[]): SidebarItem[] {
  return index
    .split(/^## /m)
    .slice(1)
    .map((section) => ({
      text: section.split('\n', 1)[0] ?? '',
      items: readItems(section, pages),
      collapsed: false,
    }))
    .filter(({ items }) => items.length > 0);
}

function readItems(section: string, pages: readonly PageLink[]): SidebarItem[] {
  const cells = section
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split(/(?<!\\)\|/)[1] ?? '');
  const links = cells.flatMap((cell) => [...cell.matchAll(/\[([^\]]+)\]\(([^)\s]+)\)/g)]);
  return links.map(([, text = '', target = '']) => {
    const link = resolveLink(target, 'docs/README.md', '');
    const items = pages.filter((page) => page.link.startsWith(link) && page.link !== link);
    return items.length === 0 ? { text, link } : { text, link, items, collapsed: true };
  });
}

/** Title of a Markdown page, without the marks of code. */
function titleOf(markdown: string): string {
  return /^# +(.+)$/m.exec(markdown)?.[1]?.replaceAll('`', '') ?? '';
}
