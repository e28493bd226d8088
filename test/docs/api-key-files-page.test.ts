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

test('docs/reference/api-key-files.md quotes the message of every rule between fields and files', async () => {
  const checks = [
    'check-authentication',
    'check-consistency',
    'check-group-permissions',
    'check-models',
    'check-across-files',
  ];
  const files = [
    ...checks.map((name) => `api-keys/${name}`),
    'issue/require-servable-keys',
    'issue/id-tokens/find-id-token-faults',
  ];
  const sources = await Promise.all(
    files.map((file) => readFile(new URL(`../../src/${file}.ts`, import.meta.url), 'utf8')),
  );
  const messages = sources
    .flatMap((source) => [...source.matchAll(/message:\s*(['`])(.+?)\1/g)])
    .map(([, , message = '']) => message.replace('${other}', 'FILE').replace('${type}', 'TYPE'));
  const [, table = ''] = page.split('## Rules between fields and files');
  const quoted = [...table.matchAll(/\| `([^`]+)` \|$/gm)].map(([, message]) => message);

  expect(messages.length).toBeGreaterThan(9);
  expect(quoted.sort()).toEqual(messages.sort());
});
