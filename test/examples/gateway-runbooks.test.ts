import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { DRILLS } from '../../examples/gateway/drills/drills.js';
import { readRunbookBlocks, runbookUrl } from '../../examples/gateway/drills/runbook-blocks.js';
import { findBrokenLinks } from '../support/pages.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DIRECTORY = new URL('../../examples/gateway/runbooks/', import.meta.url);
const SECTIONS = ['## When', '## Do', '## Verify', '## Afterwards', '## Drill'];

const pages = (await readdir(DIRECTORY)).filter((name) => name.endsWith('.md'));
const runbooks = pages
  .filter((name) => !['README.md', 'alerts.md'].includes(name))
  .map((name) => name.slice(0, -'.md'.length));
const read = (name: string) => readFile(new URL(`${name}.md`, DIRECTORY), 'utf8');

async function readDrills(): Promise<string> {
  const directory = new URL('../../examples/gateway/drills/', import.meta.url);
  const sources = (await readdir(directory)).map((name) => readFile(new URL(name, directory), 'utf8'));
  return (await Promise.all(sources)).join('\n');
}

describe('the runbooks of the gateway', () => {
  test.each(runbooks)('%s has the sections of a runbook in their order', async (runbook) => {
    const headings = (await read(runbook)).split('\n').filter((line) => line.startsWith('## '));

    expect(headings).toEqual(SECTIONS);
  });

  test.each(runbooks)(
    '%s numbers the steps, and states a time that its drill has measured',
    async (runbook) => {
      const [, steps = '', drill = ''] =
        /\n## Do\n([\s\S]*?)\n## Verify\n[\s\S]*\n## Drill\n([\s\S]*)/.exec(await read(runbook)) ?? [];
      const { name = '' } = DRILLS.find((each) => each.runbook === runbook) ?? {};

      expect(steps).toMatch(/^1\. /m);
      expect(drill).toContain(`npm run drill -- --only ${name}\``);
      expect(drill).toMatch(/\d+ m?s\b/);
    },
  );

  test('each have a drill', () => {
    expect([...new Set(DRILLS.map(({ runbook }) => runbook))].toSorted()).toEqual(runbooks.toSorted());
  });

  test('contain only blocks that a drill runs, with unique names', async () => {
    const blocks = await Promise.all(
      runbooks.map(async (name) => [...(await readRunbookBlocks(name)).keys()]),
    );
    const names = blocks.flat();
    const drills = await readDrills();

    expect(names.length).toBeGreaterThan(0);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !drills.includes(`'${name}'`))).toEqual([]);
  });

  test('have links whose pages and headings exist', async () => {
    const texts = pages.map(async (name) => {
      const url = runbookUrl(name.slice(0, -'.md'.length));
      return [fileURLToPath(url).slice(ROOT.length), await readFile(url, 'utf8')] as const;
    });

    expect(await findBrokenLinks(ROOT, new Map(await Promise.all(texts)))).toEqual([]);
  });

  test('are all linked from their index', async () => {
    const index = await read('README');

    expect([...runbooks, 'alerts'].filter((name) => !index.includes(`](${name}.md)`))).toEqual([]);
  });
});
