import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { routeOf, urlOf } from '../site-pages.js';
import type { SidebarItem } from '../site-sidebar.js';
import { ENTRY_POINTS } from './entry-points.js';

/** Kinds whose names have an item each. The page of an entry point lists the other kinds. */
const LISTED = [
  { directory: 'functions', suffix: '()' },
  { directory: 'classes', suffix: '' },
] as const;

/** Sidebar of the API reference: an entry point each, with its functions and classes. */
export function readReferenceSidebar(root: string): SidebarItem[] {
  return ENTRY_POINTS.map(({ name }) => {
    const path = `docs/api/${name}`;
    const items = LISTED.flatMap(({ directory, suffix }) =>
      listNames(join(root, path, directory)).map((file) => ({
        text: `${file.replace(/\.md$/, '')}${suffix}`,
        link: linkOf(`${path}/${directory}/${file}`),
      })),
    );
    return { text: name, link: linkOf(`${path}/README.md`), items, collapsed: true };
  });
}

function linkOf(source: string): string {
  return urlOf(routeOf(source) ?? '');
}

function listNames(directory: string): readonly string[] {
  try {
    return readdirSync(directory).sort((one, other) => one.localeCompare(other));
  } catch {
    return [];
  }
}
