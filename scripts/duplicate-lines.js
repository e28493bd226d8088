#!/usr/bin/env node
/**
 * Reports blocks of eight or more equal lines that occur twice in a directory. Ignores indentation, imports,
 * re-exports, comments and blank lines. Exits with 1 if there are any.
 *
 * Usage: node scripts/duplicate-lines.js [directory]
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const WINDOW = 8;

const root = process.argv[2] ?? 'src';
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .sort()
  .map((name) => ({ path: join(root, name), lines: codeLines(readFileSync(join(root, name), 'utf8')) }));

const blocks = findBlocks(files);
for (const { length, first, second } of blocks) {
  console.log(`${length} lines: ${first.path}:${first.line} and ${second.path}:${second.line}`);
}
console.log(`${files.length} files, ${blocks.length} duplicate blocks of ${WINDOW} or more lines`);
process.exitCode = blocks.length === 0 ? 0 : 1;

function codeLines(text) {
  return text
    .replace(/^(?:import|export)\s[^;]*?\sfrom\s+'[^']*';$|^import '[^']*';$/gm, blank)
    .replace(/^\s*\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, blank)
    .split('\n')
    .map((line, index) => ({ text: line.trim().replace(/\s+/g, ' '), line: index + 1 }))
    .filter((line) => line.text !== '');
}

/** Keeps the line breaks, so that line numbers stay correct. */
function blank(text) {
  return text.replace(/[^\n]/g, '');
}

/** Returns each pair of equal blocks once, at its full length. */
function findBlocks(sources) {
  const seen = new Map();
  const found = [];
  for (const { path, lines } of sources) {
    let open;
    for (let at = 0; at + WINDOW <= lines.length; at += 1) {
      const window = lines.slice(at, at + WINDOW);
      const key = window.map(({ text }) => text).join('\n');
      const earlier = seen.get(key);
      if (earlier === undefined) {
        seen.set(key, { path, at, line: window[0].line });
        open = undefined;
      } else if (open?.first.path === earlier.path && open.nextAt === earlier.at) {
        open.length += 1;
        open.nextAt += 1;
      } else {
        open = {
          length: WINDOW,
          first: earlier,
          second: { path, line: window[0].line },
          nextAt: earlier.at + 1,
        };
        found.push(open);
      }
    }
  }
  return found;
}
