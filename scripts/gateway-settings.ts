// Compares the table of settings in docs/guides/gateway.md with the gateway. `--write` updates the page.
import { readFileSync, writeFileSync } from 'node:fs';
import { formatTable } from '../examples/gateway/settings/describe-settings.js';

const PAGE = new URL('../docs/guides/gateway.md', import.meta.url);
const TABLE = /(?<=<!-- settings -->\n)[\s\S]*?(?=\n<!-- end of settings -->)/;

const page = readFileSync(PAGE, 'utf8');
const updated = page.replace(TABLE, () => formatTable());
if (process.argv.includes('--write')) writeFileSync(PAGE, updated);
else if (updated !== page) {
  console.error(
    'The settings in docs/guides/gateway.md have changed: run npx tsx scripts/gateway-settings.ts --write',
  );
  process.exitCode = 1;
}
