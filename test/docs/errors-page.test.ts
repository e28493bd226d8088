import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { DPOP_REJECTION_ADVICE } from '../../src/base/dpop-rejection-advice.js';
import { REJECTION_ADVICE } from '../../src/base/rejection-advice.js';

const ROOT = new URL('../../', import.meta.url);
const page = await readFile(new URL('docs/reference/errors.md', ROOT), 'utf8');
const codes = await readFile(new URL('src/base/error-codes.ts', ROOT), 'utf8');
const rejections = await readFile(new URL('src/base/rejections.ts', ROOT), 'utf8');
const restored = await readFile(new URL('src/stores/lmdb/restored-store-error.ts', ROOT), 'utf8');

/** Sections of the page by their headings, each with its subsections. */
const sections = new Map(
  page.split(/^## /m).map((section) => {
    const [heading = ''] = section.split('\n', 1);
    const subsections = [...section.matchAll(/^### `([^`]+)`\n([\s\S]*?)(?=^### |(?![\s\S]))/gm)];
    return [heading, new Map(subsections.map(([, name = '', body = '']) => [name, body]))];
  }),
);

/** Literals of a union type of a source file. */
function membersOf(source: string, type: string): readonly string[] {
  const [, union = ''] = new RegExp(`type ${type} =([^;]*);`).exec(source) ?? [];
  return [...union.matchAll(/\| '(\w+)'/g)].map(([, member = '']) => member);
}

/** Text of Markdown without links and line breaks. */
function plain(markdown: string): string {
  return markdown
    .split('\n## ', 1)
    .join()
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\s+/g, ' ')
    .trim();
}

const errorCodes = [
  ...membersOf(codes, 'WireError').map((error) => `ERR_${error.toUpperCase()}`),
  ...membersOf(codes, 'ErrorCode'),
  ...[...restored.matchAll(/code = '(\w+)'/g)].map(([, code = '']) => code),
];

const LISTS = [
  ['Error codes', errorCodes],
  ['Token rejection reasons', membersOf(rejections, 'TokenRejection')],
  ['DPoP rejection reasons', membersOf(rejections, 'DpopRejection')],
  ['Client rejection reasons', membersOf(rejections, 'ClientRejection')],
  ['Grant rejection reasons', membersOf(rejections, 'GrantRejection')],
  ['Exchange rejection reasons', membersOf(rejections, 'ExchangeRejection')],
] as const;

describe('docs/reference/errors.md', () => {
  test.each(LISTS)('has a section for each of the %s, and no other', (heading, names) => {
    expect(names.length).toBeGreaterThan(5);
    expect([...(sections.get(heading)?.keys() ?? [])].sort()).toEqual([...names].sort());
  });

  test.each(LISTS.map(([heading]) => heading))('states cause and fix of each of the %s', (heading) => {
    for (const [name, body] of sections.get(heading) ?? []) {
      expect({ name, parts: body.match(/\*\*(Cause|Fix)\.\*\* \S/g)?.length }).toEqual({ name, parts: 2 });
    }
  });

  test.each([
    ['a rejected token', 'Token rejection reasons', REJECTION_ADVICE],
    ['a rejected DPoP proof', 'DPoP rejection reasons', DPOP_REJECTION_ADVICE],
  ])('gives the advice that debug lines print for %s', (_rejected, heading, expected) => {
    const advice = [...(sections.get(heading) ?? [])].map(([reason, body]) => {
      const [, cause = '', fix = ''] = /\*\*Cause\.\*\* ([\s\S]*)\*\*Fix\.\*\* ([\s\S]*)/.exec(body) ?? [];
      return [reason, { cause: plain(cause), fix: plain(fix) }];
    });

    expect(Object.fromEntries(advice)).toEqual(expected);
  });

  test('covers every union of rejection reasons', () => {
    const unions = [...rejections.matchAll(/export type (\w+Rejection) =\n/g)].map(([, name]) => name);

    expect(unions).toEqual([
      ...['TokenRejection', 'DpopRejection', 'ClientRejection', 'ExchangeRejection', 'GrantRejection'],
    ]);
  });
});
