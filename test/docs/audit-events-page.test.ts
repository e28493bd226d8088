import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';

const ROOT = new URL('../../', import.meta.url);
const page = await readFile(new URL('docs/reference/audit-events.md', ROOT), 'utf8');
const files = [
  'src/audit/key-events.ts',
  'src/audit/user-events.ts',
  'src/audit/store-events.ts',
  'src/audit/events.ts',
];
const source = (await Promise.all(files.map((file) => readFile(new URL(file, ROOT), 'utf8')))).join('\n');

/** Members of an event: `?` stands behind those that may be absent. */
type Members = readonly string[];

/** Members that a part of the source declares, without comments. */
function declaredMembers(text: string): Members {
  return [...text.replaceAll(/\/\*[\s\S]*?\*\//g, '').matchAll(/readonly (\w+)(\??):/g)]
    .map(([, name, mark]) => `${name}${mark}`)
    .filter((member) => member !== 'type');
}

function readSource(): ReadonlyMap<string, Members> {
  const issuance = declaredMembers(/interface TokenIssuance \{[\s\S]*?\n\}/.exec(source)?.[0] ?? '');
  const unions = [...source.matchAll(/export type \w+Event =\n([\s\S]*?);\n\n/g)].map(
    ([, union = '']) => union,
  );
  const events = unions
    .join('\n')
    .split(/^ {2}\| /m)
    .flatMap((event) => {
      const [, types = ''] = /readonly type: ([^;]+);/.exec(event) ?? [];
      const members = [...declaredMembers(event), ...(event.includes('& TokenIssuance') ? issuance : [])];
      return [...types.matchAll(/'([\w.]+)'/g)].map(([, type = '']) => [type, members.sort()] as const);
    });
  return new Map(events);
}

function readPage(): ReadonlyMap<string, Members> {
  const sections = page.split(/^### /m).slice(1);
  const events = sections.flatMap((section) => {
    const [heading = ''] = section.split('\n', 1);
    const cells = [...section.matchAll(/^\| (`[^|]*) \|/gm)].map(([, cell = '']) => cell);
    const members = cells.flatMap((cell) =>
      [...cell.matchAll(/`(\w+)`(\??)/g)].map(([, name, mark]) => `${name}${mark}`),
    );
    return [...heading.matchAll(/`([\w.]+)`/g)].map(([, type = '']) => [type, members.sort()] as const);
  });
  return new Map(events);
}

const described = readPage();
const declared = readSource();

describe('docs/reference/audit-events.md', () => {
  test('describes every event, and no other', () => {
    expect(declared.size).toBeGreaterThan(25);
    expect([...described.keys()].sort()).toEqual([...declared.keys()].sort());
  });

  test.each([...declared])('describes the members of %s', (type, members) => {
    expect(described.get(type)).toEqual(members);
  });
});
