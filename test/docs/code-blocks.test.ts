import { spawnSync } from 'node:child_process';
import { access, readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { transform } from 'esbuild';
import { loadAll } from 'js-yaml';
import { type FencedBlock, readFencedBlocks } from '../../examples/gateway/drills/fenced-blocks.js';
import { readPages } from '../support/pages.js';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string) => readFile(new URL(path, ROOT), 'utf8');

/** Paths of files below a directory. Installed packages are left out, and symbolic links are not followed. */
async function listFiles(directory: string, ending: RegExp): Promise<readonly string[]> {
  const entries = await readdir(new URL(directory, ROOT), { withFileTypes: true });
  const paths = entries.map(async (entry) => {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : listFiles(path, ending);
    return entry.isFile() && ending.test(path) ? [path] : [];
  });
  return (await Promise.all(paths)).flat().toSorted();
}

/** README.md, the pages of docs, those of examples, and the other pages for readers. */
async function readAllPages(): Promise<ReadonlyMap<string, string>> {
  const paths = ['SECURITY.md', 'CONTRIBUTING.md', ...(await listFiles('examples', /\.md$/))];
  const others = await Promise.all(paths.map(async (path) => [path, await read(path)] as const));
  return new Map([...(await readPages(ROOT.pathname)), ...others]);
}

/** Code of tests, their helpers and drills, without the list of all blocks in readme.test.ts, and without this test. */
async function readTests(): Promise<string> {
  const paths = [
    ...(await listFiles('test', /\.ts$/)),
    ...(await listFiles('examples/gateway/drills', /\.ts$/)),
  ];
  const texts = await Promise.all(paths.filter((path) => !path.endsWith('/code-blocks.test.ts')).map(read));
  return texts.join('\n').replace(/^const BLOCKS = \[[\s\S]*?^\];$/m, '');
}

const blocks = readFencedBlocks(await readAllPages());
const tests = await readTests();

/** Blocks that contain no code: output, diagrams and usage. */
const PROSE = ['text', 'mermaid'];

/** NestJS has decorators of parameters. */
const TSCONFIG = { compilerOptions: { experimentalDecorators: true } };

/** Blocks whose tests compare whole pages: test/migrate/. */
const DIFFS = /^docs\/migrate\/from-(passport-jwt|express-jwt|express-oauth2-jwt-bearer)\.md$/;

/** The names that tests build with a template literal, such as `read-shared-${language}`. */
const templates = [...tests.matchAll(/`([\w-]{5,})\$\{\w+\}`/g)].map(([, start = '']) => start);

const placeOf = ({ page, line, language }: FencedBlock) => `${page}:${line} (${language})`;
const code = blocks.filter(({ language }) => !PROSE.includes(language));
const ofLanguage = (...languages: readonly string[]) =>
  code.filter(({ language }) => languages.includes(language));

/** Whether a test names the block, or the block states that no test runs it. */
async function isClaimed({ page, language, claim }: FencedBlock): Promise<boolean> {
  if (claim === undefined) return language === 'diff' && DIFFS.test(page);
  const { kind, value } = claim;
  if (kind === 'not run') return true;
  if (kind === 'file') {
    return access(new URL(value, ROOT)).then(
      () => true,
      () => false,
    );
  }
  return tests.includes(`'${value}'`) || templates.some((start) => value.startsWith(start));
}

async function findFailures(
  candidates: readonly FencedBlock[],
  check: (block: FencedBlock) => Promise<void> | void,
): Promise<readonly string[]> {
  const failures = candidates.map(async (block) => {
    try {
      await check(block);
      return [];
    } catch (error) {
      return [`${placeOf(block)}: ${error}`];
    }
  });
  return (await Promise.all(failures)).flat();
}

describe('the code blocks of all pages', () => {
  test('name their language', () => {
    expect(blocks.filter(({ language }) => language === '').map(placeOf)).toEqual([]);
    expect(code.length).toBeGreaterThan(140);
  });

  test('are run by a test, or state that they are not run', async () => {
    const claimed = await Promise.all(code.map(isClaimed));

    expect(code.filter((_block, index) => !claimed[index]).map(placeOf)).toEqual([]);
  });

  test('that are not run are in languages that tests cannot run, and the text above says so', async () => {
    const notRun = code.filter(({ claim }) => claim?.kind === 'not run');
    const runnable = notRun.filter(
      ({ language, claim }) =>
        !/^(go|java|csharp|terraform|hcl)$/.test(language) && claim?.value !== 'no container runtime',
    );
    const silent = await findFailures(notRun, async ({ page, line }) => {
      const above = (await read(page))
        .split('\n')
        .slice(Math.max(0, line - 6), line)
        .join(' ');
      if (!above.includes('not part of the tests')) throw new Error('the text above does not say so');
    });

    expect(runnable.map(placeOf)).toEqual([]);
    expect(silent).toEqual([]);
  });

  test('contain no commands in blocks of output', () => {
    const output = blocks.filter(({ language }) => language === 'text');

    expect(output.filter((block) => /^(\$ )?(npm|npx|curl|docker|kubectl|bash) /m.test(block.code))).toEqual(
      [],
    );
  });

  test('are valid YAML and JSON', async () => {
    const yaml = await findFailures(ofLanguage('yaml', 'yml'), (block) => void loadAll(block.code));
    const json = await findFailures(ofLanguage('json'), (block) => void JSON.parse(block.code));

    expect([...yaml, ...json]).toEqual([]);
  });

  test('are valid shell scripts', async () => {
    const failures = await findFailures(ofLanguage('sh', 'bash'), (block) => {
      const { status, stderr } = spawnSync('bash', ['-n'], { input: block.code, encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
    });

    expect(failures).toEqual([]);
  });

  test('are valid TypeScript and JavaScript', async () => {
    const failures = await findFailures(ofLanguage('ts', 'js'), async (block) => {
      await transform(block.code, { loader: 'ts', format: 'esm', tsconfigRaw: TSCONFIG });
    });

    expect(failures).toEqual([]);
  });

  test('are requests with a request line or responses with a status line', () => {
    const requests = ofLanguage('http').filter(
      ({ code: text }) => !/^([A-Z]+ \S+( HTTP\/\d|$)|HTTP\/\d)/m.test(text),
    );

    expect(requests.map(placeOf)).toEqual([]);
  });
});
