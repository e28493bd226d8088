import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';

const ROOT = new URL('../../', import.meta.url);
const page = await readFile(new URL('docs/reference/options.md', ROOT), 'utf8');
const names = await readdir(new URL('src', ROOT), { recursive: true });
const sources = await Promise.all(
  names.filter((name) => name.endsWith('.ts')).map((name) => readFile(new URL(`src/${name}`, ROOT), 'utf8')),
);

/** A check with a named list of options: its list, and the function or option that it names, without a prefix. */
const CHECK =
  /assertOptions\(\s*\w+,\s*([A-Z_]+),\s*['`](?:\w+: |\$\{where\}: )?([\w.]+)(?:\[\$\{index\}\]|\.\$\{name\})?['`]/g;

/** Checks without a section: the two forms of `auth`, and members of `thresholds`. */
const INNER = /assertOptions\(\s*\w+,\s*(\{|\w+,\s*['`](\w+: )?thresholds\.)/g;

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

const source = sources.join('\n');

/** Known options by the function that checks them. */
const known = new Map(
  sources.flatMap((text) =>
    [...text.matchAll(CHECK)]
      .filter(([call]) => call.match(INNER) === null)
      .map(([, list = '', where = '']): readonly [string, readonly string[]] => {
        const options = [...new Set(readList(list, listsOf(text)))].sort();
        return [where, options];
      }),
  ),
);

/** Options by section of the page. A section may add to those of another one. */
function readSections(): ReadonlyMap<string, readonly string[]> {
  const sections = new Map<string, readonly string[]>();
  for (const section of page.split(/^### /m).slice(1)) {
    const [, name = ''] = /^`([\w.]+)(?:\(\))?`\n/.exec(section) ?? [];
    const [, other = '', without = ''] =
      /^All options of `(\w+)\(\)`(?: except ([^:]+))?, and:$/m.exec(section) ?? [];
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
  test('is compared with every check of options', () => {
    const checks = source.match(/assertOptions\(\s*\w+,/g)?.length ?? 0;
    const inner = source.match(INNER)?.length ?? 0;

    expect(checks).toBeGreaterThan(35);
    expect(known.size).toBe(checks - inner);
    expect(known.get('JweStrategy')).toContain('keyRing');
    expect(known.get('sessions.end')).toContain('clientId');
  });

  test.each([...known])('describes every option of %s, and no other', (where, options) => {
    expect(described.get(where)).toEqual(options);
  });
});
