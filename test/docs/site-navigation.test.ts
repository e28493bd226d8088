import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { forgeOf, resolveLink } from '../../docs/.vitepress/site-links.js';
import { fileOf, listSources, routeOf, urlOf } from '../../docs/.vitepress/site-pages.js';
import { readSidebar, readSiteSidebar, type SidebarItem } from '../../docs/.vitepress/site-sidebar.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FORGE = 'https://github.com/passport-jwe/passport-jwe';

function linksIn(items: readonly SidebarItem[]): readonly string[] {
  return items.flatMap(({ link, items: children = [] }) => [
    ...(link === undefined ? [] : [link]),
    ...linksIn(children),
  ]);
}

test('the sidebar links to every page except the home page once', () => {
  const pages = listSources(ROOT).map((source) => urlOf(routeOf(source) ?? ''));

  expect(linksIn(readSiteSidebar(ROOT)).toSorted()).toEqual(pages.filter((url) => url !== '/').toSorted());
});

test('each item of the sidebar has a title', () => {
  const textsOf = (items: readonly SidebarItem[]): readonly string[] =>
    items.flatMap(({ text, items: children = [] }) => [text, ...textsOf(children)]);

  expect(textsOf(readSiteSidebar(ROOT))).not.toContain('');
});

test('a section of the index with links is a group of the sidebar, in the order of the table', () => {
  const index = `# Documentation

## Guides

| page | content |
|---|---|
| [Auth0](guides/auth0.md), [Okta](guides/okta.md) | providers |
| [Decisions](decisions/README.md) | [records](other.md) |

## Entry points

| import from | contents |
|---|---|
| \`passport-jwe\` | common use |
`;
  const record = { text: '0001: A codec', link: '/decisions/0001/' };

  expect(readSidebar(index, [record])).toEqual([
    {
      text: 'Guides',
      collapsed: false,
      items: [
        { text: 'Auth0', link: '/guides/auth0/' },
        { text: 'Okta', link: '/guides/okta/' },
        { text: 'Decisions', link: '/decisions/', items: [record], collapsed: true },
      ],
    },
  ]);
});

test('links in the sources become links of the site, or of the repository', () => {
  const cases: readonly (readonly [source: string, link: string, expected: string])[] = [
    ['docs/guides/accept.md', 'issue.md', '/guides/issue/'],
    ['docs/guides/accept.md', '../start/concepts.md#terms', '/start/concepts/#terms'],
    ['docs/guides/accept.md', '../README.md', '/'],
    ['docs/guides/accept.md', '#guards', '#guards'],
    ['docs/guides/accept.md', '../../README.md', '/overview/'],
    ['docs/guides/accept.md', '../../SECURITY.md#stolen-tokens', '/security/#stolen-tokens'],
    ['docs/architecture.md', 'decisions/', '/decisions/'],
    ['README.md', 'docs/guides/accept.md', '/guides/accept/'],
    ['README.md', 'LICENSE', `${FORGE}/blob/main/LICENSE`],
    ['docs/guides/gateway.md', '../../examples/gateway/runbooks/alerts.md', '/runbooks/alerts/'],
    ['docs/guides/gateway.md', '../../examples/gateway/README.md', '/runbooks/gateway/'],
    ['docs/guides/gateway.md', '../../examples/gateway/app.ts', `${FORGE}/blob/main/examples/gateway/app.ts`],
    ['docs/reference/endpoints.md', 'openapi.yaml', `${FORGE}/blob/main/docs/reference/openapi.yaml`],
    [
      'docs/guides/sign-in.md',
      '../../examples/sign-in/README.md',
      `${FORGE}/blob/main/examples/sign-in/README.md`,
    ],
    ['docs/guides/sign-in.md', 'https://example.com/a.md', 'https://example.com/a.md'],
    ['docs/api/passport-jwe/README.md', 'functions/auth0.md', '/api/passport-jwe/functions/auth0/'],
  ];

  expect(cases.map(([source, link]) => resolveLink(link, source, FORGE))).toEqual(
    cases.map(([, , expected]) => expected),
  );
});

test('each page is the index of a directory', () => {
  expect(fileOf('docs/README.md')).toBe('index.md');
  expect(fileOf('docs/guides/accept.md')).toBe('guides/accept/index.md');
  expect(fileOf('docs/decisions/README.md')).toBe('decisions/index.md');
});

test('the repository of package.json has a web address', () => {
  const { repository } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));

  expect(forgeOf(repository)).toBe(FORGE);
});
