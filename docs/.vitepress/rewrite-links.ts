import { relative } from 'node:path';
import type { MarkdownEnv, MarkdownRenderer } from 'vitepress';
import { resolveLink } from './site-links.js';

/**
 * Translate the links of Markdown files, which are relative to the file in the repository.
 *
 * @param root root of the repository
 * @param forge URL of the repository
 */
export function rewriteLinks(md: MarkdownRenderer, root: string, forge: string): void {
  md.core.ruler.push('site-links', ({ tokens, env }) => {
    const { realPath, path }: MarkdownEnv & { readonly realPath?: string } = env;
    const source = relative(root, realPath ?? path);
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const link = token.type === 'link_open' ? token.attrGet('href') : null;
      if (link !== null) token.attrSet('href', resolveLink(decodeURI(link), source, forge));
    }
  });
}
