import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The unified diff of two states of a sample application, without its header. */
function diffOf(name: string, [from, to]: readonly [string, string]): Promise<string> {
  const files = [from, to].map((state) => `test/migrate/${name}/${state}.js`);
  const flags = [
    'diff',
    '--no-index',
    '--no-color',
    '--no-ext-diff',
    '--unified=1',
    '--diff-algorithm=myers',
  ];
  return new Promise((resolve, reject) => {
    // Status 1: the files differ.
    execFile('git', [...flags, ...files], { cwd: ROOT }, (error, stdout) => {
      if (error !== null && error.code !== 1) return reject(error);
      // Git adds the surrounding function to the header of a hunk, by rules that its configuration can change.
      resolve(stdout.slice(stdout.indexOf('@@ ')).replaceAll(/^(@@ [^@]+ @@).*$/gm, '$1'));
    });
  });
}

test.each(['passport-jwt', 'express-jwt', 'express-oauth2-jwt-bearer'])(
  'docs/migrate/from-%s.md shows the exact differences of its application',
  async (name) => {
    const page = await readFile(`${ROOT}docs/migrate/from-${name}.md`, 'utf8');
    const shown = [...page.matchAll(/^```diff\n([\s\S]*?)^```$/gm)].map(([, diff]) => diff);

    expect(shown).toEqual([
      await diffOf(name, ['before', 'during']),
      await diffOf(name, ['during', 'after']),
    ]);
  },
);
