import { readFile } from 'node:fs/promises';
import { readFencedBlocks } from '../../examples/gateway/drills/fenced-blocks.js';

/** Code blocks of a page below a comment such as `<!-- run: keys -->`, by name. */
export async function readPageBlocks(page: URL): Promise<ReadonlyMap<string, string>> {
  const blocks = readFencedBlocks(new Map([[page.pathname, await readFile(page, 'utf8')]]));
  return new Map(
    blocks.flatMap(({ claim, code }) => (claim?.kind === 'run' ? [[claim.value, code] as const] : [])),
  );
}
