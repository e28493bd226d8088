import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'duplicates-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

function check(script: string): { readonly status: number | null; readonly output: string } {
  const { status, stdout } = spawnSync(process.execPath, [`scripts/${script}.js`, directory], {
    encoding: 'utf8',
  });
  return { status, output: stdout };
}

function write(name: string, lines: readonly string[]): void {
  writeFileSync(join(directory, name), lines.join('\n'));
}

const numbered = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `line(${index});`);

test('duplicate-lines reports eight equal lines once, with their length, for any indentation', () => {
  write('a.ts', ['first();', ...numbered(10)]);
  write('b.ts', ['second();', '', ...numbered(10).map((line) => `    ${line}`)]);
  const { status, output } = check('duplicate-lines');

  expect(status).toBe(1);
  expect(output).toBe(
    `10 lines: ${directory}/a.ts:2 and ${directory}/b.ts:3\n2 files, 1 duplicate blocks of 8 or more lines\n`,
  );
});

test('duplicate-lines accepts seven equal lines, and equal imports and comments', () => {
  const imports = numbered(9).map((_, index) => `import { x${index} } from './x.js';`);
  const comment = ['/**', ...numbered(9).map((line) => ` * ${line}`), ' */'];
  write('a.ts', [...imports, ...comment, ...numbered(7), 'first();']);
  write('b.ts', [...imports, ...comment, ...numbered(7), 'second();']);

  expect(check('duplicate-lines').status).toBe(0);
});

test('duplicate-names reports an export that two files share, but not the overloads of one function', () => {
  write('a.ts', ['export function one(): void;', 'export function one(value?: string): void {}']);
  write('b.ts', ['export const two = 2;']);
  expect(check('duplicate-names').status).toBe(0);

  write('c.ts', ['export interface two {}']);
  expect(check('duplicate-names')).toMatchObject({
    status: 1,
    output: expect.stringContaining(`two: ${directory}/b.ts, ${directory}/c.ts`),
  });
});
