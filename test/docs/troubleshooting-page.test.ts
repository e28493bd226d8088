import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';

const ROOT = new URL('../../', import.meta.url);
const page = await readFile(new URL('docs/troubleshooting.md', ROOT), 'utf8');
const names = await readdir(new URL('src', ROOT), { recursive: true });
const sources = await Promise.all(
  names.filter((name) => name.endsWith('.ts')).map((name) => readFile(new URL(`src/${name}`, ROOT), 'utf8')),
);
const source = sources.join('\n');

/** Messages of Node.js and Passport. */
const FOREIGN = [
  'Login sessions require session support',
  'Request Header Fields Too Large',
  'require() of ES Module not supported',
];

test('docs/troubleshooting.md explains every process warning, and no other', () => {
  const emitted = [...source.matchAll(/'(PASSPORT_JWE_\w+)'/g)].map(([, code]) => code);
  const explained = [...page.matchAll(/^\| `(PASSPORT_JWE_\w+)` \|/gm)].map(([, code]) => code);

  expect(explained.sort()).toEqual([...new Set(emitted)].sort());
});

test('docs/troubleshooting.md quotes messages as the source has them', () => {
  const symptoms = [...page.matchAll(/^\| ([^|]*) \|/gm)].map(([, symptom = '']) => symptom);
  const quoted = symptoms.flatMap((symptom) => [
    ...symptom.replaceAll(/`[^`]*`/g, '').matchAll(/"([^"]+)"/g),
  ]);
  const messages = quoted.map(([, message = '']) => message).filter((each) => !FOREIGN.includes(each));

  expect(messages.length).toBeGreaterThan(5);
  expect(messages.filter((message) => !source.includes(message))).toEqual([]);
});
