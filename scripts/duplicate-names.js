#!/usr/bin/env node
/**
 * Reports file names and exported names that occur twice in a directory. Each folder may have an `index.ts`, which may
 * re-export. Exits with 1 if there are any.
 *
 * Usage: node scripts/duplicate-names.js [directory]
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const EXPORT =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|class|const|let|interface|type|enum) (\w+)/gm;

const root = process.argv[2] ?? 'src';
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && basename(name) !== 'index.ts')
  .sort()
  .map((name) => join(root, name));

const problems = [
  ...repeated(files.map((path) => ({ name: basename(path), path }))),
  ...repeated(files.flatMap(exportsOf)),
];
for (const { name, paths } of problems) console.log(`${name}: ${paths.join(', ')}`);
console.log(`${files.length} files, ${problems.length} duplicate names`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** A function with overloads is exported once. A type and a value of one name in one file are one export too. */
function exportsOf(path) {
  const names = new Set([...readFileSync(path, 'utf8').matchAll(EXPORT)].map(([, name]) => name));
  return [...names].map((name) => ({ name, path }));
}

function repeated(entries) {
  const paths = new Map();
  for (const { name, path } of entries) paths.set(name, [...(paths.get(name) ?? []), path]);
  return [...paths].filter(([, found]) => found.length > 1).map(([name, found]) => ({ name, paths: found }));
}
