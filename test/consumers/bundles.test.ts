import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { type BuiltFile, bundle, ENTRIES } from '../../scripts/bundle.js';
import { bundleCommonjs } from '../../scripts/bundle-commonjs.js';

/** What an import of an entry point loads: modules of the source, and packages. */
interface Loaded {
  readonly files: readonly string[];
  readonly modules: readonly string[];
  readonly packages: readonly string[];
}

let outputs: Awaited<ReturnType<typeof bundle>>['outputs'];

beforeAll(async () => {
  ({ outputs } = await bundle());
}, 60_000);

function loadedBy(entry: string): Loaded {
  const files = new Set([`dist/${entry}`]);
  const packages = new Set<string>();
  const modules = new Set<string>();
  for (const file of files) {
    const { inputs = {}, imports = [] } = outputs[file] ?? {};
    for (const module of Object.keys(inputs)) modules.add(module);
    for (const { path, kind, external } of imports) {
      if (kind !== 'import-statement') continue;
      if (path.startsWith('bundle:')) files.add(`dist/chunks/${path.slice('bundle:'.length)}.js`);
      else if (external !== true) files.add(path);
      else if (!path.startsWith('node:')) packages.add(path);
    }
  }
  return { files: [...files], modules: [...modules], packages: [...packages].sort() };
}

const roomsOf = ({ modules }: Loaded) => new Set(modules.map((module) => module.split('/')[1]));

describe('an import of passport-jwe/accept', () => {
  test('loads two files and two small packages', () => {
    const { files, packages } = loadedBy('accept/index.js');

    expect(files).toEqual(['dist/accept/index.js', 'dist/chunks/core.js']);
    expect(packages).toEqual(['lru-cache', 'passport-strategy']);
  });

  test.each(['issue', 'sessions', 'client', 'cli', 'monitor'])('loads nothing of %s', (room) => {
    const rooms = roomsOf(loadedBy('accept/index.js'));

    expect(rooms).toContain('verify');
    expect(rooms).not.toContain(room);
  });
});

describe('an import of passport-jwe', () => {
  test('loads neither the command line nor what reads YAML', () => {
    const { modules, packages } = loadedBy('index.js');

    expect(packages).toEqual(['express', 'lru-cache', 'passport-strategy']);
    expect(modules).toContain('src/issue/token-router.ts');
    expect(
      modules.filter((module) => /src\/cli\/|parse-yaml|\/schema\.ts|lmdb|redis|ldap/.test(module)),
    ).toEqual([]);
  });

  test('loads at most four files', () => {
    expect(loadedBy('index.js').files.length).toBeLessThanOrEqual(4);
  });
});

test.each([...ENTRIES])(
  'the built entry point %s exports what its source exports',
  async (_subpath, source) => {
    const output = outputs[source.replace(/^src\/(.*)\.ts$/, 'dist/$1.js')];

    expect(output?.exports.toSorted()).toEqual(Object.keys(await import(`../../${source}`)).sort());
  },
);

test('no module is in two bundles', () => {
  const counts = new Map<string, number>();
  for (const { inputs } of Object.values(outputs)) {
    for (const [module, { bytesInOutput }] of Object.entries(inputs)) {
      if (module.startsWith('src/') && bytesInOutput > 0) counts.set(module, (counts.get(module) ?? 0) + 1);
    }
  }

  expect(counts.size).toBeGreaterThan(200);
  expect([...counts].filter(([, count]) => count > 1)).toEqual([]);
});

describe('the CommonJS bundle', () => {
  let files: readonly BuiltFile[];

  beforeAll(async () => {
    files = await bundleCommonjs();
  }, 60_000);

  const textOf = (path: string) => files.find((file) => file.path.endsWith(`/${path}`))?.text ?? '';

  test('has a file for the condition require of every entry point', async () => {
    const { exports } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
    const expected = [...ENTRIES.keys()].map((subpath) => exports[subpath].require.replace('./', ''));

    expect(expected.filter((path) => !textOf(path).includes('module.exports = require('))).toEqual([]);
    expect(files).toHaveLength(expected.length + 1);
  });

  test('is loaded by no runtime and no bundler that knows ES modules', async () => {
    const { exports } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));

    for (const subpath of ENTRIES.keys()) {
      const { default: module } = exports[subpath];
      expect(Object.keys(exports[subpath])).toEqual(['types', 'module-sync', 'module', 'require', 'default']);
      expect(exports[subpath]).toMatchObject({ 'module-sync': module, module });
    }
  });

  test('requires no package that has no CommonJS form', () => {
    const required = textOf('dist/commonjs.cjs').matchAll(/\brequire\("([^"]+)"\)/g);
    const packages = [...required].map(([, name = '']) => name).filter((name) => !name.startsWith('node:'));

    expect([...new Set(packages)].sort()).toEqual([
      ...['express', 'ioredis', 'js-yaml', 'ldapts', 'lmdb', 'lru-cache', 'passport-strategy', 'valibot'],
    ]);
  });

  test('carries the license of jose', () => {
    expect(textOf('dist/commonjs.cjs')).toContain('Copyright (c) 2018 Filip Skokan');
  });
});
