import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describeWithPackages } from './describe-with-packages.js';

const areInstalled = spawnSync('chromium', ['--version']).error === undefined;

/** Run tests that need Chromium. Without it, print the skipped tests. */
export function describeWithChromium(name: string, tests: () => void): void {
  describeWithPackages({ packages: 'chromium', areInstalled }, name, tests);
}

/** Driver of Chromium, without browsers. It is installed for the tests that use it, as it takes 14 MB. */
const DRIVER = 'playwright-core@1.65.1';

/** `--prefer-offline` asks the registry once per machine. */
const INSTALL = ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', DRIVER];

/** Locator of elements: the part that tests use. */
export interface Locator {
  click(): Promise<void>;
  fill(text: string): Promise<void>;
  waitFor(): Promise<void>;
  textContent(): Promise<string | null>;
  inputValue(): Promise<string>;
}

export interface Page {
  goto(url: string): Promise<unknown>;
  url(): string;
  title(): Promise<string>;
  reload(): Promise<unknown>;
  waitForURL(url: string | RegExp): Promise<void>;
  locator(selector: string): Locator;
  getByRole(role: 'button' | 'alert', options?: { readonly name: string }): Locator;
  getByLabel(label: string): Locator;
  getByText(text: string): Locator;
  evaluate<Result>(script: string): Promise<Result>;
  on(event: 'console', listener: (message: { type(): string; text(): string }) => void): void;
  on(event: 'pageerror', listener: (error: Error) => void): void;
  on(event: 'request', listener: (request: { url(): string }) => void): void;
  screenshot(options: { readonly path: string }): Promise<unknown>;
}

export interface ContextOptions {
  readonly colorScheme?: 'light' | 'dark';
  readonly viewport?: { readonly width: number; readonly height: number };
}

/** A person's browser, with its own cookies. */
export interface BrowserContext {
  newPage(): Promise<Page>;
}

export interface Chromium {
  newContext(options?: ContextOptions): Promise<BrowserContext>;
  close(): Promise<void>;
}

interface Driver {
  readonly chromium: {
    launch(options: { readonly executablePath: string; readonly args: readonly string[] }): Promise<Chromium>;
  };
}

/** Start headless Chromium of the system. */
export async function startChromium(): Promise<Chromium> {
  const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-chromium-'));
  await writeFile(join(directory, 'package.json'), '{ "private": true }');
  const { PATH, HOME } = process.env;
  await promisify(execFile)('npm', INSTALL, { cwd: directory, env: { PATH, HOME } });
  const file = join(directory, 'node_modules', 'playwright-core', 'index.mjs');
  const { chromium }: Driver = await import(pathToFileURL(file).href);
  // As root, for example in CI, Chromium has no sandbox.
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  return {
    newContext: (options) => browser.newContext(options),
    async close() {
      await browser.close();
      await rm(directory, { recursive: true });
    },
  };
}
