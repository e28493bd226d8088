import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const SOURCE = fileURLToPath(new URL('../src', import.meta.url));

/** From the bottom to the top; a module imports from its own layer or from those before it. */
const LAYERS: readonly (readonly RegExp[])[] = [
  [
    /^errors\.ts$/,
    /^error-codes\.ts$/,
    /^rate-limit-headers\.ts$/,
    /^clock\.ts$/,
    /^listeners\.ts$/,
    /^steady-clock\.ts$/,
    /^options\.ts$/,
    /^printable-name\.ts$/,
    /^audit\/(events|rejections|record|open-sinks|bound-sink|aggregate-refusals|record-acceptances)\.ts$/,
    /^limits\/address-block\.ts$/,
  ],
  [/^bearer\//, /^keys\//, /^claims\//, /^stores\//],
  [/^jwe\//, /^revocation\//, /^sessions\//, /^api-keys\//, /^limits\//],
  [/^grants\//, /^token-(verifier|service|client)\.ts$/],
  [/^express\//, /^cli\//, /^audit\//],
  [/^index\.ts$/],
];

interface Module {
  readonly path: string;
  readonly text: string;
  /** Modules of this package that it imports, types included. */
  readonly imports: readonly string[];
  /** Packages that it imports. */
  readonly packages: readonly string[];
}

const modules = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map(readModule);

function readModule(path: string): Module {
  const text = readFileSync(join(SOURCE, path), 'utf8');
  const specifiers = [
    ...text.matchAll(/^(?:import|export)\b[^;]*?\bfrom '([^']+)'/gm),
    ...text.matchAll(/\bimport\('([^']+)'\)/g),
  ].map(([, name = '']) => name);
  const isOwn = (name: string) => name.startsWith('.');
  return {
    path,
    text,
    imports: specifiers
      .filter(isOwn)
      .map((name) => relative(SOURCE, join(SOURCE, dirname(path), name)).replace(/\.js$/, '.ts')),
    packages: specifiers.filter((name) => !isOwn(name)),
  };
}

function layerOf(path: string): number {
  return LAYERS.findIndex((patterns) => patterns.some((pattern) => pattern.test(path)));
}

function findCycle(path: string, trail: readonly string[] = []): readonly string[] | undefined {
  if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
  const imports = modules.find((module) => module.path === path)?.imports ?? [];
  for (const next of imports) {
    const cycle = findCycle(next, [...trail, path]);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

describe.each(modules)('src/$path', ({ path, text, imports, packages }) => {
  test('stands in a layer', () => {
    expect(layerOf(path)).toBeGreaterThanOrEqual(0);
  });

  test('imports from its own layer or from below', () => {
    expect(imports.filter((other) => layerOf(other) > layerOf(path))).toEqual([]);
  });

  test('is part of no cycle', () => {
    expect(findCycle(path)).toBeUndefined();
  });

  test('knows Express and Passport only in express/', () => {
    const known = packages.filter((name) => /^(express|passport|passport-strategy)$/.test(name));

    expect(path.startsWith('express/') ? [] : known).toEqual([]);
  });

  test('knows jose and ciphers only in keys/ and jwe/', () => {
    const known = [
      ...packages.filter((name) => name === 'jose'),
      ...(text.match(/\bcreate(C|Dec)ipheriv\b/g) ?? []),
    ];

    expect(/^(keys|jwe)\//.test(path) ? [] : known).toEqual([]);
  });

  test('knows js-yaml and zod only in api-keys/', () => {
    const known = packages.filter((name) => /^(js-yaml|zod)$/.test(name));

    expect(path.startsWith('api-keys/') ? [] : known).toEqual([]);
  });

  test('knows the client of a store only in its driver', () => {
    const driverOf = new Map([
      ['lmdb', 'stores/lmdb/'],
      ['ioredis', 'stores/redis/'],
    ]);
    const strangers = packages.filter((name) => !path.startsWith(driverOf.get(name) ?? ''));

    expect(strangers).toEqual([]);
  });
});

describe('the public names', () => {
  test('load no client of a store: those are optional', () => {
    expect([...reach('index.ts')].filter((path) => /^stores\/(lmdb|redis)\//.test(path))).toEqual([]);
  });
});

/** Everything that a module loads, directly or not. */
function reach(path: string, reached = new Set<string>()): ReadonlySet<string> {
  if (reached.has(path)) return reached;
  reached.add(path);
  for (const next of modules.find((module) => module.path === path)?.imports ?? []) reach(next, reached);
  return reached;
}
