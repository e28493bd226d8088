import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readDocstringExamples, readEntryOfNames } from '../support/docstring-examples.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COMPILER = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
const FLAGS =
  '--ignoreConfig --noEmit --strict --skipLibCheck --module nodenext --target es2023 --types node';

const entryOf = await readEntryOfNames();
const examples = await readDocstringExamples(entryOf);
let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(ROOT, 'test', '.examples-'));
});

afterAll(() => rm(directory, { recursive: true }));

/** Names that examples need not declare, and the modules that export them: the package, and those of an application. */
async function readSources(): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(join(ROOT, 'test', 'support', 'example-names.ts'), 'utf8');
  const names = [
    ...[...text.matchAll(/^export (?:declare )?(?:const|function|class|type) (\w+)/gm)].map(
      ([, name]) => name,
    ),
    ...[...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list]) => list?.match(/\w+/g) ?? []),
  ];
  return new Map([...entryOf, ...names.map((name = '') => [name, '../support/example-names.js'] as const)]);
}

test('the examples of public docstrings satisfy the compiler', async () => {
  const sources = await readSources();
  const files = examples.map(async ({ place, code }, index) => {
    const used = new Set(code.match(/\w+/g));
    const imports = [...sources]
      .filter(([name]) => used.has(name))
      .map(([name, source]) => `import { ${name} } from '${source}';`);
    const file = join(directory, `${place.replaceAll('/', '-').replace('.ts:', '-')}-${index}.mts`);
    // In a block, an example can declare names that the module imports.
    await writeFile(file, [...imports, '{', code, '}', 'export {};'].join('\n'));
    return file;
  });
  const compile = promisify(execFile)(process.execPath, [
    COMPILER,
    ...FLAGS.split(' '),
    ...(await Promise.all(files)),
  ]);
  const { stdout } = await compile.catch((error) => error);

  expect(examples.length).toBeGreaterThan(80);
  expect(stdout).toBe('');
}, 60_000);
