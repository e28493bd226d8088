import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { exports, bin } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** Built file of each entry point, by its subpath in `exports`. */
export const ENTRIES = new Map(
  Object.entries(exports)
    .filter(([, target]) => typeof target === 'object')
    .map(([subpath, target]) => [subpath, target.default]),
);

/**
 * Bundles the entry points and the command line. A file per entry point and a few shared chunks load in a fraction of
 * the time that 200 modules take. Dynamic imports stay chunks of their own, and packages stay imports.
 *
 * @param {import('esbuild').BuildOptions} [options]
 */
export function bundle(options = {}) {
  const files = [...ENTRIES.values(), ...Object.values(bin)];
  return build({
    absWorkingDir: root,
    entryPoints: files.map((file) => file.replace(/^\.\/dist\//, 'src/').replace(/\.js$/, '.ts')),
    outdir: 'dist',
    outbase: 'src',
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    sourcemap: true,
    logLevel: 'warning',
    ...options,
  });
}
