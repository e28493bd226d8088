import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';

const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
const page = await read('docs/guides/mcp.md');

test('the guide installs the packages that the files of the example import', async () => {
  const [, command = ''] = /`npm install (passport-jwe [^`]+)`/.exec(page) ?? [];
  const files = ['app', 'endpoint', 'session-table', 'tools'].map((name) => read(`examples/mcp/${name}.ts`));
  const imports = [...(await Promise.all(files)).join('\n').matchAll(/ from '([^.'][^']*)'/g)];
  const packages = imports
    .map(([, name = '']) => name)
    .filter((name) => !name.startsWith('node:'))
    .map((name) => name.replace(/^((?:@[^/]+\/)?[^/]+).*/, '$1'));

  expect(command.split(' ').sort()).toEqual([...new Set(packages)].sort());
});

test('the guide names the imports of the server with SDK 1', async () => {
  const server = await read('test/consumers/projects/mcp/server-sdk-1.ts');
  const imports = [...server.matchAll(/import \{ (\w+) \} from '(@modelcontextprotocol\/[^']+)'/g)];
  const missing = imports.filter(
    ([, name = '', path = '']) => !new RegExp(`\\| \`${name}\`.*\\| \`${path}\` \\|`).test(page),
  );

  expect(imports).toHaveLength(4);
  expect(missing.map(([line]) => line)).toEqual([]);
});
