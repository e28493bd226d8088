#!/usr/bin/env node
/**
 * Checks prose: phrases that the style replaces (`prose/rules.json`), sentences of more than 30 words in Markdown, and
 * dead relative links. Reads Markdown, comments, and strings of several words. Exits with 1 on findings.
 *
 * Usage: node scripts/check-prose.js [file or directory ...]
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findDeadLinks } from './prose/dead-links.js';
import { findLongSentences } from './prose/long-sentences.js';
import { findPhrases } from './prose/phrases.js';
import { readCode } from './prose/read-code.js';
import { readHashComments } from './prose/read-hash-comments.js';
import { readMarkdown } from './prose/read-markdown.js';

const DEFAULT_PATHS = [
  ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', '.github'],
  ...['docs', 'src', 'examples', 'scripts', 'bench'],
];
const READERS = {
  '.md': readMarkdown,
  '.ts': readCode,
  '.js': readCode,
  '.yaml': readHashComments,
  '.yml': readHashComments,
};
const SKIPPED = new Set(['node_modules', 'dist', '.data', 'results', 'api', 'cache']);

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const paths = process.argv.slice(2);
if (paths.length === 0) process.chdir(root);

const counts = new Map();
for (const path of (paths.length === 0 ? DEFAULT_PATHS : paths).flatMap(listFiles)) {
  for (const { line, rule, found, instead } of check(path, readFileSync(path, 'utf8'))) {
    console.log(`${path}:${line}: ${rule}: "${found}"; write ${instead}`);
    counts.set(rule, (counts.get(rule) ?? 0) + 1);
  }
}

const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
for (const [rule, count] of [...counts].sort(([, one], [, other]) => other - one)) {
  console.log(`${String(count).padStart(6)}  ${rule}`);
}
console.log(`${String(total).padStart(6)}  findings`);
process.exitCode = total === 0 ? 0 : 1;

function check(path, source) {
  const isMarkdown = path.endsWith('.md');
  const blocks = READERS[extname(path)](source);
  const findings = [
    ...findPhrases(blocks),
    ...(isMarkdown ? [...findLongSentences(blocks), ...findDeadLinks(path, source)] : []),
  ];
  return findings
    .map(({ at, length, rule, instead }) => ({
      line: source.slice(0, at).split('\n').length,
      rule,
      found: shorten(source.slice(at, at + length)),
      instead,
    }))
    .sort((one, other) => one.line - other.line);
}

function shorten(text) {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 60)}...` : line;
}

/** Symbolic links are not followed: `bench/node_modules` links to the root. */
function listFiles(path) {
  if (!statSync(path).isDirectory()) return Object.hasOwn(READERS, extname(path)) ? [path] : [];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => !SKIPPED.has(entry.name) && !entry.isSymbolicLink())
    .flatMap((entry) => listFiles(join(path, entry.name)))
    .sort();
}
