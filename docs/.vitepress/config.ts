import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';
import { headingSlug } from '../../scripts/prose/heading-slug.js';
import { keepBraces, renderMermaid } from './markdown-rules.js';
import { readReferenceSidebar } from './reference/reference-sidebar.js';
import { resolveVue } from './resolve-vue.js';
import { rewriteLinks } from './rewrite-links.js';
import { forgeOf } from './site-links.js';
import { EXCLUDED, fileOf } from './site-pages.js';
import { SEARCH } from './site-search.js';
import { readSiteSidebar } from './site-sidebar.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { name, description, repository } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const FORGE = forgeOf(repository);

/** Padlock, in a colour that both colour schemes show. */
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="#5672cd"><path
d="M4 7V5a4 4 0 0 1 8 0v2h1v8H3V7zm2 0h4V5a2 2 0 0 0-4 0z"/></svg>`;

export default defineConfig({
  title: name,
  description,
  lang: 'en-GB',
  head: [['link', { rel: 'icon', href: `data:image/svg+xml,${encodeURIComponent(ICON)}` }]],
  srcDir: '..',
  srcExclude: [...EXCLUDED],
  rewrites: fileOf,
  metaChunk: true,
  ignoreDeadLinks: false,
  markdown: {
    anchor: { slugify: headingSlug },
    languageAlias: { caddyfile: 'nginx' },
    config(md) {
      rewriteLinks(md, ROOT, FORGE);
      renderMermaid(md);
      keepBraces(md);
    },
  },
  vite: {
    plugins: [resolveVue(ROOT)],
    // The bundle of Mermaid has fewer modules, which shortens the build.
    resolve: { alias: [{ find: /^mermaid$/, replacement: 'mermaid/dist/mermaid.esm.min.mjs' }] },
  },
  themeConfig: {
    nav: [
      { text: 'Guides', link: '/start/concepts/', activeMatch: '^/(start|guides|recipes|migrate)/' },
      { text: 'Reference', link: '/reference/options/', activeMatch: '^/reference/' },
      { text: 'API', link: '/api/', activeMatch: '^/api/' },
      { text: 'Changelog', link: '/changelog/' },
    ],
    sidebar: {
      '/': readSiteSidebar(ROOT),
      '/api/': readReferenceSidebar(ROOT),
    },
    outline: [2, 3],
    search: { provider: 'local', options: SEARCH },
    socialLinks: [{ icon: 'github', link: FORGE }],
    editLink: { pattern: `${FORGE}/edit/main/:path`, text: 'Edit this page' },
  },
  transformPageData({ filePath }) {
    return filePath.startsWith('docs/api/') ? { frontmatter: { editLink: false } } : undefined;
  },
});
