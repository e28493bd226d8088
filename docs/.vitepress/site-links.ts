import { posix } from 'node:path';
import { routeOf, urlOf } from './site-pages.js';

/** URL with a scheme, absolute path, or anchor of the same page. */
const COMPLETE = /^(?:[a-z][a-z+.-]*:|\/|#)/i;

/**
 * Translate a link of a Markdown file to a link of the site. A link to a page becomes the URL of the page. Links to other
 * files lead to the repository.
 *
 * @param source path of the Markdown file, from the root of the repository
 * @param forge URL of the repository
 */
export function resolveLink(link: string, source: string, forge: string): string {
  if (COMPLETE.test(link)) return link;
  const [path = '', anchor] = link.split('#');
  const target = posix.join(posix.dirname(source), path).replace(/\/$/, '');
  const page = posix.extname(target) === '' ? posix.join(target, 'README.md') : target;
  const route = routeOf(page);
  const hash = anchor === undefined ? '' : `#${anchor}`;
  if (route !== undefined) return `${urlOf(route)}${hash}`;
  return `${forge}/blob/main/${target}${hash}`;
}

/** Web address of the `repository` in package.json. */
export function forgeOf(repository: { readonly url: string }): string {
  return repository.url.replace(/^git\+/, '').replace(/\.git$/, '');
}
