import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  type Chromium,
  type ContextOptions,
  describeWithChromium,
  type Page,
  startChromium,
} from '../support/chromium.js';
import { describeWithPackages } from '../support/describe-with-packages.js';
import { readPages } from '../support/pages.js';
import {
  findMissingTargets,
  listUrlPaths,
  readHtmlPages,
  type StaticSite,
  serveStaticSite,
} from '../support/static-site.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MODULES = join(ROOT, 'docs/node_modules');
const DIST = join(ROOT, 'docs/.vitepress/dist');

/** `.ci/run` installs them in the step of the site, after the slow tier. */
const PACKAGES = {
  packages: 'ci',
  installer: 'npm --prefix docs',
  areInstalled: existsSync(join(MODULES, 'vitepress')),
  isRequiredInCi: false,
};

/** Documents and selectors that must appear in them. */
const PAGES = [
  { name: 'home', path: '/', selector: '.vp-doc table' },
  { name: 'diagram', path: '/guides/dpop/', selector: '.mermaid-diagram svg' },
  { name: 'chart', path: '/explain/performance/', selector: '.vp-doc img' },
  { name: 'wide table', path: '/reference/options/', selector: '.vp-doc table' },
  { name: 'entry point', path: '/api/passport-jwe/', selector: '.vp-doc h2' },
  { name: 'reference', path: '/api/passport-jwe/functions/authenticate/', selector: '.vp-doc pre' },
] as const;

const SCREENS: readonly (ContextOptions & { readonly name: string })[] = [
  { name: 'light', colorScheme: 'light', viewport: { width: 1280, height: 900 } },
  { name: 'dark', colorScheme: 'dark', viewport: { width: 1280, height: 900 } },
  { name: 'phone light', colorScheme: 'light', viewport: { width: 390, height: 844 } },
  { name: 'phone dark', colorScheme: 'dark', viewport: { width: 390, height: 844 } },
];

let site: StaticSite;
let chromium: Chromium;
let screenshots: string;

/** Mermaid blocks of all pages, each with its page. */
async function readDiagrams(): Promise<readonly { readonly path: string; readonly source: string }[]> {
  return [...(await readPages(ROOT))].flatMap(([path, text]) =>
    [...text.matchAll(/^```mermaid\n([\s\S]*?)^```$/gm)].map(([, source = '']) => ({ path, source })),
  );
}

/** A page and the problems that the browser reports: errors, warnings, and requests to other hosts. */
async function openPage(options: ContextOptions = {}): Promise<{ page: Page; problems: string[] }> {
  const page = await (await chromium.newContext(options)).newPage();
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('request', (request) => {
    if (!/^(?:data|blob):/.test(request.url()) && !request.url().startsWith(site.url))
      problems.push(request.url());
  });
  return { page, problems };
}

const OVERFLOW = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

describeWithPackages(PACKAGES, 'the documentation site', () => {
  beforeAll(async () => {
    await promisify(execFile)('npm', ['run', 'docs'], { cwd: ROOT, maxBuffer: 2 ** 26 });
    site = await serveStaticSite(DIST, { modules: MODULES });
    screenshots = await mkdtemp(join(tmpdir(), 'passport-jwe-site-'));
  }, 900_000);

  afterAll(() => site.close());

  test('has no link to a missing page, file or anchor', () => {
    const pages = readHtmlPages(DIST);

    expect(pages.size).toBeGreaterThan(300);
    expect(findMissingTargets(pages, listUrlPaths(DIST))).toEqual([]);
  });

  describeWithChromium('in Chromium', () => {
    beforeAll(async () => {
      chromium = await startChromium();
    }, 120_000);

    afterAll(() => chromium.close());

    for (const { name, ...options } of SCREENS) {
      test(`shows its pages without problems (${name})`, async () => {
        const { page, problems } = await openPage(options);
        const overflows: string[] = [];
        for (const { name: content, path, selector } of PAGES) {
          await page.goto(site.url + path);
          await page.locator(`${selector} >> nth=0`).waitFor();
          await page.screenshot({ path: join(screenshots, `${content} ${name}.png`) });
          if ((await page.evaluate<number>(OVERFLOW)) > 0) overflows.push(path);
        }

        expect(problems).toEqual([]);
        expect(overflows).toEqual([]);
      }, 120_000);

      test(`finds pages by their words (${name})`, async () => {
        const { page, problems } = await openPage(options);
        await page.goto(site.url);
        await page.getByRole('button', { name: 'Search' }).click();
        await page.locator('#localsearch-input').fill('replayed proofs');
        await page.locator('.results a[href^="/guides/dpop/"] >> nth=0').waitFor();
        await page.screenshot({ path: join(screenshots, `search ${name}.png`) });

        expect(problems).toEqual([]);
      }, 60_000);
    }

    test('has diagrams that Mermaid parses', async () => {
      const { page, problems } = await openPage();
      await page.goto(site.url);
      const diagrams = await readDiagrams();
      const faults = await page.evaluate<readonly string[]>(`(async () => {
        const { default: mermaid } = await import('/modules/mermaid/dist/mermaid.esm.min.mjs');
        const faults = [];
        for (const { path, source } of ${JSON.stringify(diagrams)}) {
          await mermaid.parse(source).catch((error) => faults.push(path + ': ' + error.message));
        }
        return faults;
      })()`);

      expect(diagrams.length).toBeGreaterThan(15);
      expect(faults).toEqual([]);
      expect(problems).toEqual([]);
    });
  });
});
