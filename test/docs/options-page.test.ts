import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';

const ROOT = new URL('../../', import.meta.url);
const page = await readFile(new URL('docs/reference/options.md', ROOT), 'utf8');
const names = await readdir(new URL('src', ROOT), { recursive: true });
const sources = await Promise.all(
  names.filter((name) => name.endsWith('.ts')).map((name) => readFile(new URL(`src/${name}`, ROOT), 'utf8')),
);

/** Names of the page for options whose check has a shorter name. */
const RENAMED: Readonly<Record<string, string>> = {
  list: 'sessions.list',
  end: 'sessions.end',
  endAll: 'sessions.endAll',
};

/** Lists of options that are checked one by one: those of `thresholds`, and the two forms of `auth`. */
const INNER = /^(thresholds\.|auth$)/;

/** Text of a list of known options, such as `{ ...OWNER, limit: true }`. */
type Lists = ReadonlyMap<string, string>;

function listsOf(source: string): Lists {
  const lists = source.matchAll(/const (\w+): KnownOptions<[^=]+> = (\{[\s\S]*?\});\n/g);
  return new Map([...lists].map(([, name = '', text = '']) => [name, text]));
}

const exported: Lists = new Map(
  sources
    .filter((source) => /export const \w+: KnownOptions/.test(source))
    .flatMap((source) => [...listsOf(source)]),
);

function readList(name: string, lists: Lists): readonly string[] {
  const text = lists.get(name) ?? exported.get(name) ?? '';
  const spreads = [...text.matchAll(/\.\.\.([A-Z_]+)/g)].flatMap(([, other = '']) => readList(other, lists));
  return [...spreads, ...[...text.matchAll(/(\w+): true/g)].map(([, option = '']) => option)];
}

/** Known options by the function that checks them. */
const known = new Map(
  sources.flatMap((source) =>
    [...source.matchAll(/assertOptions\(\w+, ([A-Z_]+), '([\w.]+)'\)/g)]
      .filter(([, , where = '']) => !INNER.test(where))
      .map(
        ([, list = '', where = '']) =>
          [RENAMED[where] ?? where, [...new Set(readList(list, listsOf(source)))].sort()] as const,
      ),
  ),
);

/** Options by section of the page. A section may add to those of another one. */
function readSections(): ReadonlyMap<string, readonly string[]> {
  const sections = new Map<string, readonly string[]>();
  for (const section of page.split(/^### /m).slice(1)) {
    const [, name = ''] = /^`([\w.]+)(?:\(\))?`\n/.exec(section) ?? [];
    const [, other = '', without = ''] =
      /^All options of `(\w+)\(\)`(?: except ([^,]+))?, and:$/m.exec(section) ?? [];
    const omitted = [...without.matchAll(/`(\w+)`/g)].map(([, option]) => option);
    const inherited = (sections.get(other) ?? []).filter((option) => !omitted.includes(option));
    const cells = [...section.matchAll(/^\| (`[^|]*) \|/gm)].map(([, cell = '']) => cell);
    const own = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, option = '']) => option));
    sections.set(name, [...inherited, ...own].sort());
  }
  return sections;
}

const described = readSections();

describe('docs/reference/options.md', () => {
  test('finds the lists of the source', () => {
    expect(known.size).toBeGreaterThan(35);
    expect(known.get('JweStrategy')).toContain('keyRing');
    expect(known.get('sessions.end')).toContain('clientId');
  });

  test.each([...known])('describes every option of %s, and no other', (where, options) => {
    expect(described.get(where)).toEqual(options);
  });
});
