import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { updateCliReference } from '../../scripts/cli-reference.js';

test('docs/reference/cli.md is what `npx tsx scripts/cli-reference.ts --write` writes', async () => {
  const page = await readFile(new URL('../../docs/reference/cli.md', import.meta.url), 'utf8');

  expect(page).toBe(updateCliReference(page));
  expect(page).toContain('### `passport-jwe token revoke`');
});

test('the reference of the command line needs markers in its page', () => {
  expect(() => updateCliReference('# Command line\n')).toThrow('has no markers');
});
