import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { formatTable } from '../../examples/gateway/settings/describe-settings.js';

test('the gateway guide contains the table of settings that the gateway reads', async () => {
  const page = await readFile(new URL('../../docs/guides/gateway.md', import.meta.url), 'utf8');

  // Update it by: npx tsx scripts/gateway-settings.ts --write
  expect(page).toContain(`<!-- settings -->\n${formatTable()}\n<!-- end of settings -->`);
});
