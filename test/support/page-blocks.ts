import { readFile } from 'node:fs/promises';

/** Code blocks of a page below a comment such as `<!-- run: keys -->`, by name. */
export async function readPageBlocks(page: URL): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(page, 'utf8');
  const blocks = text.matchAll(/<!-- run: (\S+) -->\n```\w+\n([\s\S]*?)```/g);
  return new Map([...blocks].map(([, name = '', code = '']) => [name, code]));
}
