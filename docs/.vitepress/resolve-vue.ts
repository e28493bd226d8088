import { join } from 'node:path';
import type { Plugin } from 'vitepress';

/**
 * Vite plugin: pages outside `docs/` import Vue from `docs/node_modules`.
 *
 * @param root root of the repository
 */
export function resolveVue(root: string): Plugin {
  const inside = join(root, 'docs', 'README.md');
  return {
    name: 'resolve-vue',
    enforce: 'pre',
    resolveId(id, importer) {
      const isOutside = importer !== undefined && !importer.startsWith(join(root, 'docs', '/'));
      return /^vue(?:\/|$)/.test(id) && isOutside ? this.resolve(id, inside, { skipSelf: true }) : null;
    },
  };
}
