import { access, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const ROOT = new URL('../', import.meta.url);

test('every row of the table of stolen tokens names an existing test, or the reason for having none', async () => {
  const text = await readFile(new URL('SECURITY.md', ROOT), 'utf8');
  const [, section = ''] = /^## Stolen tokens\n([\s\S]*?)^## /m.exec(text) ?? [];
  const [, , ...rows] = section.split('\n').filter((line) => line.startsWith('|'));
  const tests = rows.flatMap((line) => [...line.matchAll(/`(test\/[^`]+)`/g)].map(([, path = '']) => path));

  expect(rows.length).toBeGreaterThan(5);
  expect(rows.filter((line) => !/(`test\/[^`]+`|\| none: [^|]+) \|$/.test(line))).toEqual([]);
  await Promise.all(tests.map((path) => access(fileURLToPath(new URL(path, ROOT)))));
});

test('every guarantee of SECURITY.md names an existing test or command', async () => {
  const text = await readFile(new URL('SECURITY.md', ROOT), 'utf8');
  const { scripts } = JSON.parse(await readFile(new URL('package.json', ROOT), 'utf8'));
  const [, section = ''] = text.split('## Guarantees and their tests');
  const [, , ...guarantees] = section.split('\n').filter((line) => line.startsWith('|'));
  expect(guarantees.length).toBeGreaterThan(25);
  expect(guarantees.filter((line) => !/`(test\/|npm run )/.test(line))).toEqual([]);

  const tests = guarantees.flatMap((line) =>
    [...line.matchAll(/`(test\/[^`]+)`/g)].map(([, path = '']) => path),
  );
  const commands = guarantees.flatMap((line) =>
    [...line.matchAll(/`npm run (\w+)/g)].map(([, name = '']) => name),
  );
  await Promise.all(tests.map((path) => access(fileURLToPath(new URL(path, ROOT)))));
  expect(commands.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
});
