import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';

const ROOT = new URL('../../', import.meta.url);

test('docs/reference/metrics.md lists every metric of the sample gateway, and no other', async () => {
  const page = await readFile(new URL('docs/reference/metrics.md', ROOT), 'utf8');
  const directory = new URL('examples/gateway/observability/', ROOT);
  const sources = await Promise.all(
    (await readdir(directory)).map((name) => readFile(new URL(name, directory), 'utf8')),
  );
  const created = sources.flatMap((source) =>
    [...source.matchAll(/'(gateway_\w+)'/g)].map(([, name]) => name),
  );
  const listed = [...page.matchAll(/^\| `(gateway_\w+)` \| (?:counter|gauge|histogram) \|/gm)].map(
    ([, name]) => name,
  );

  expect(created.length).toBeGreaterThan(10);
  expect([...listed].sort()).toEqual([...new Set(created)].sort());
});
