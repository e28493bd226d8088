import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';

const ROOT = new URL('../../', import.meta.url);
const names = await readdir(new URL('src', ROOT), { recursive: true });
const sources = await Promise.all(
  names.filter((name) => name.endsWith('.ts')).map((name) => readFile(new URL(`src/${name}`, ROOT), 'utf8')),
);
const source = sources.join('\n');

const GUIDES = [
  ...['issue', 'refresh-tokens', 'delegation', 'service-tokens', 'sessions', 'revoke', 'limits', 'api-keys'],
  ...['keys', 'rotation', 'stores', 'audit-log', 'diagnose', 'monitor', 'ai-clients'],
];

/** The symptoms and causes of a guide, the first two cells of each row. */
async function readSymptoms(guide: string): Promise<readonly string[]> {
  const page = await readFile(new URL(`docs/guides/${guide}.md`, ROOT), 'utf8');
  const [, section = ''] = page.split('\n## What can go wrong\n');
  return [...section.matchAll(/^\| ([^|]*) \| ([^|]*) \|/gm)].slice(2).map(([row]) => row);
}

describe.each(GUIDES)('docs/guides/%s.md', (guide) => {
  test('quotes messages as the source has them', async () => {
    const rows = await readSymptoms(guide);
    const messages = rows.flatMap((row) =>
      [...row.matchAll(/(?<!=)"([^"]{8,})"/g)].map(([, each = '']) => each),
    );

    expect(rows.length).toBeGreaterThanOrEqual(3);
    expect(messages.filter((message) => !source.includes(message))).toEqual([]);
  });

  test('names codes and warnings that the source has', async () => {
    const rows = await readSymptoms(guide);
    const codes = rows.flatMap((row) => row.match(/\b(?:ERR|PASSPORT_JWE)_[A-Z_]+\b/g) ?? []);
    const known = (code: string) =>
      source.includes(`'${code}'`) || source.includes(`'${code.slice('ERR_'.length).toLowerCase()}'`);

    expect(codes.filter((code) => !known(code))).toEqual([]);
  });
});
