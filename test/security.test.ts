import { access, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';

const ROOT = new URL('../', import.meta.url);

test('every row of the table of stolen tokens names an existing test, or the reason for having none', async () => {
  const text = await readFile(new URL('SECURITY.md', ROOT), 'utf8');
  const [, section = ''] = /^## Stolen tokens\n([\s\S]*?)^## /m.exec(text) ?? [];
  const [, , ...rows] = section.split('\n').filter((line) => line.startsWith('|'));
  const tests = rows.flatMap((line) => [...line.matchAll(/`(test\/[^`]+)`/g)].map(([, path = '']) => path));

  expect(rows.length).toBeGreaterThan(5);
  expect(rows.filter((line) => !/(`test\/[^`]+`|\| none: [^|]+) \|$/.test(line))).toEqual([]);
  await Promise.all(tests.map((path) => access(fileURLToPath(new URL(path, ROOT)))));
});

test('every guarantee of SECURITY.md names an existing test or command', async () => {
  const text = await readFile(new URL('SECURITY.md', ROOT), 'utf8');
  const { scripts } = JSON.parse(await readFile(new URL('package.json', ROOT), 'utf8'));
  const [, section = ''] = text.split('## Guarantees and their tests');
  const guarantees = section
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\| guarantee \||^\|---/.test(line));
  expect(guarantees.length).toBeGreaterThan(100);
  expect(guarantees.filter((line) => !/`(test\/|npm run )/.test(line))).toEqual([]);

  const tests = guarantees.flatMap((line) =>
    [...line.matchAll(/`(test\/[^`]+)`/g)].map(([, path = '']) => path),
  );
  const commands = guarantees.flatMap((line) =>
    [...line.matchAll(/`npm run (\w+)/g)].map(([, name = '']) => name),
  );
  await Promise.all(tests.map((path) => access(fileURLToPath(new URL(path, ROOT)))));
  expect(commands.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
});

const lockShape = z.object({
  packages: z.record(
    z.string(),
    z.object({
      dependencies: z.record(z.string(), z.string()).optional(),
      hasInstallScript: z.boolean().optional(),
      integrity: z.string().optional(),
      link: z.boolean().optional(),
    }),
  ),
});

describe('the section "Supply chain" of SECURITY.md', () => {
  const readLock = async () =>
    lockShape.parse(JSON.parse(await readFile(new URL('package-lock.json', ROOT), 'utf8'))).packages;

  test('states the number of installed packages, of which none has an install script', async () => {
    const packages = await readLock();
    const installed = new Set<string>();
    const add = (from: string): void => {
      for (const name of Object.keys(packages[from]?.dependencies ?? {})) {
        const nested = `${from}/node_modules/${name}`;
        const path = packages[nested] === undefined ? `node_modules/${name}` : nested;
        if (installed.has(path)) continue;
        installed.add(path);
        add(path);
      }
    };
    add('');

    expect([...installed].filter((path) => packages[path]?.hasInstallScript === true)).toEqual([]);
    expect(installed.size).toBe(7);
    expect(await readFile(new URL('SECURITY.md', ROOT), 'utf8')).toContain('installs seven packages of 8 MB');
  });

  test('is right about the integrity hashes of the lock file', async () => {
    const packages = Object.entries(await readLock());
    const others = packages.filter(([, { integrity, link }]) => integrity === undefined && link !== true);

    expect(others.map(([path]) => path)).toEqual(['', 'examples/gateway']);
  });
});
