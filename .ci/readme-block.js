// Prints the code block of the README that a `<!-- run: NAME -->` comment marks.
import { readFileSync } from 'node:fs';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const blocks = [...readme.matchAll(/<!-- run: (\S+) -->\n```\w+\n([\s\S]*?)```/g)];
const block = blocks.find(([, name]) => name === process.argv[2])?.[2];
if (block === undefined) throw new Error(`README.md has no block named ${process.argv[2]}`);
process.stdout.write(block);
