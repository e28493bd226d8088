import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { linkDeclarations } from '../../scripts/types/link-declarations.js';
import { printDeclarations } from '../../scripts/types/print-declarations.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'passport-jwe-declarations-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Bundles files into one, the first of which is the entry point. Declarations in `shared.d.ts` stay there. */
function print(files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const linked = linkDeclarations();
  const exports = linked.exportsOf(join(folder, Object.keys(files)[0] ?? ''));
  const placeOf = ({ file }: { file: string }) => (file.endsWith('/shared.d.ts') ? 'chunks/shared' : 'entry');
  const all = [...exports.values()].flatMap(({ declaration }) => [...linked.closureOf(declaration)]);
  const declarations = new Set(all.filter((each) => placeOf(each) === 'entry'));
  return printDeclarations({ path: 'entry', declarations, exports }, linked, placeOf);
}

test('a docstring and its declaration are printed as the compiler wrote them', () => {
  const text =
    '/**\n * Key.\n *\n * @default 1\n */\nexport interface Key {\n    /** Its id. */\n    readonly id?: string;\n}\n';

  expect(print({ 'index.d.ts': text })).toBe(`${text}export {};\n`);
});

test('each overload of a function keeps its docstring', () => {
  const text = [
    '/** One. */\nexport declare function read(one: string): string;',
    '/** Two. */\nexport declare function read(two: number): string;',
  ].join('\n');

  expect(print({ 'index.d.ts': text })).toBe(`${text}\nexport {};\n`);
});

test('a declaration that the entry point needs is printed and not exported', () => {
  const printed = print({
    'index.d.ts': "export type { Key } from './key.js';",
    'key.d.ts': 'export type Key = Id;\nexport type Id = string;\nexport type Unused = Id;',
  });

  expect(printed).toBe('export type Key = Id;\ntype Id = string;\nexport {};\n');
});

test('a declaration of a shared file is imported and re-exported, values apart from types', () => {
  const printed = print({
    'index.d.ts': "export * from './key.js';\nexport { Id, read as readId } from './shared.js';",
    'key.d.ts': "import { Id } from './shared.js';\nexport declare const key: Id;",
    'shared.d.ts': 'export type Id = string;\nexport declare function read(): Id;',
  });

  expect(printed.split('\n')).toEqual([
    "import type { Id } from './chunks/shared.js';",
    'export declare const key: Id;',
    "export { type Id, read as readId } from './chunks/shared.js';",
    'export {};',
    '',
  ]);
});

test.each([
  ['a list', "export type { Secret } from './secret.js';"],
  ['a star', "export type * from './secret.js';"],
])('a class behind `export type` with %s is exported as a type', (_form, entry) => {
  const printed = print({ 'index.d.ts': entry, 'secret.d.ts': 'export declare class Secret {\n}' });

  expect(printed).toBe('declare class Secret {\n}\nexport { type Secret };\nexport {};\n');
});

test('an inferred type of another file is printed under its name', () => {
  const printed = print({
    'index.d.ts': 'export interface Options {\n    key: import("./key.js").Key<string>;\n}',
    'key.d.ts': 'export type Key<Id> = Id;',
  });

  expect(printed).toBe(
    'export interface Options {\n    key: Key<string>;\n}\ntype Key<Id> = Id;\nexport {};\n',
  );
});

test('imports of packages are printed once, and only those that declarations mention', () => {
  const printed = print({
    'index.d.ts':
      "import type { Request } from 'express';\nexport * from './b.js';\nexport type A = Request;",
    'b.d.ts':
      "import type { Response, Request } from 'express';\nexport type B = Request;\ntype Unused = Response;",
  });

  expect(printed.match(/^import.*$/gm)).toEqual(["import type { Request } from 'express';"]);
});

describe('throws if one name would have two meanings:', () => {
  test('two declarations', () => {
    const files = {
      'index.d.ts': "export type { A } from './a.js';\nexport type { B } from './b.js';",
      'a.d.ts': 'type Same = 1;\nexport type A = Same;',
      'b.d.ts': 'type Same = 2;\nexport type B = Same;',
    };

    expect(() => print(files)).toThrow(/declares Same again: .*rename one/);
  });

  test('names of two packages', () => {
    const files = {
      'index.d.ts': "export type { A } from './a.js';\nexport type { B } from './b.js';",
      'a.d.ts': "import type { Same } from 'one';\nexport type A = Same;",
      'b.d.ts': "import type { Same } from 'two';\nexport type B = Same;",
    };

    expect(() => print(files)).toThrow(/^Same has two meanings: .*rename one/);
  });

  test('a global and an import', () => {
    const files = {
      'index.d.ts': "export type { A } from './a.js';\nexport type { B } from './b.js';",
      'a.d.ts': "import type { Response } from 'express';\nexport type A = Response;",
      'b.d.ts': 'export type B = Response;',
    };

    expect(() => print(files)).toThrow(/b\.d\.ts mentions the global Response: /);
  });

  test('not for a type parameter', () => {
    const text = 'export type Value = string;\nexport type Box<Value> = Value;\n';

    expect(print({ 'index.d.ts': text })).toBe(`${text}export {};\n`);
  });
});

test.each([
  ['declare global {\n}', 'declaration'],
  ["declare module 'express' {\n}", 'declaration'],
  ['export default 1;', 'declaration'],
  ['export = Key;', 'declaration'],
  ["import './key.js';", 'import'],
  ['/// <reference types="node" />', 'directive'],
])('throws for %j, which a bundle would lose', (statement, kind) => {
  expect(() => print({ 'index.d.ts': `${statement}\nexport type Key = string;` })).toThrow(
    new RegExp(`^Unsupported ${kind} `),
  );
});

test('throws for an import of a name that a file does not export', () => {
  const files = { 'index.d.ts': "import { Key } from './key.js';\nexport type A = Key;", 'key.d.ts': '' };

  expect(() => print(files)).toThrow(/imports Key from \.\/key\.js, which does not export it/);
});
