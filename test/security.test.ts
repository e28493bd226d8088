import { access, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const ROOT = new URL('../', import.meta.url);

test('every promise of SECURITY.md names a test or a command that there is', async () => {
  const text = await readFile(new URL('SECURITY.md', ROOT), 'utf8');
  const { scripts } = JSON.parse(await readFile(new URL('package.json', ROOT), 'utf8'));
  const [, section = ''] = text.split('## What is promised, and the test that shows it');
  const [, , ...promises] = section.split('\n').filter((line) => line.startsWith('|'));
  expect(promises.length).toBeGreaterThan(25);
  expect(promises.filter((line) => !/`(test\/|npm run )/.test(line))).toEqual([]);

  const tests = promises.flatMap((line) =>
    [...line.matchAll(/`(test\/[^`]+)`/g)].map(([, path = '']) => path),
  );
  const commands = promises.flatMap((line) =>
    [...line.matchAll(/`npm run (\w+)/g)].map(([, name = '']) => name),
  );
  await Promise.all(tests.map((path) => access(fileURLToPath(new URL(path, ROOT)))));
  expect(commands.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
});
