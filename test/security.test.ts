import { access, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const ROOT = new URL('../', import.meta.url);

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
