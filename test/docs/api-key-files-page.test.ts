import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { apiKeySchema } from '../../src/api-keys/schema.js';

const page = await readFile(new URL('../../docs/reference/api-key-files.md', import.meta.url), 'utf8');

/** Fields of a schema as dotted paths, `[]` behind lists of mappings. */
function fieldsOf(schema: unknown, prefix = ''): readonly string[] {
  const { pipe, wrapped, item, metadata } = Object(schema);
  if (wrapped !== undefined) return fieldsOf(wrapped, prefix);
  if (item !== undefined) return fieldsOf(item, `${prefix}[]`);
  const fields: object = metadata?.fields ?? {};
  const own = Object.entries(fields).flatMap(([name, field]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    return [path, ...fieldsOf(field, path)];
  });
  return [
    ...own,
    ...(Array.isArray(pipe) ? pipe.flatMap((part) => (part === schema ? [] : fieldsOf(part, prefix))) : []),
  ];
}

test('docs/reference/api-key-files.md describes every field of the schema, and no other', () => {
  const [, table = ''] = page.split('## Fields');
  const described = [...(table.split('\n## ')[0]?.matchAll(/^\| `([\w.[\]]+)` \|/gm) ?? [])].map(
    ([, field]) => field,
  );
  const fields = [...new Set(fieldsOf(apiKeySchema))];

  expect(fields).toContain('rate_limits.per_user.tokens_per_month');
  expect(fields).toContain('models[].endpoint');
  expect([...described].sort()).toEqual([...fields].sort());
});
