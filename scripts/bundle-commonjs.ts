import { readFileSync } from 'node:fs';
import { posix, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { type BuiltFile, ENTRIES } from './bundle.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The bundle, in the folder of the entry points. */
const BUNDLE = 'dist/commonjs.cjs';

/**
 * Bundles every entry point for loaders that can `require()` no ES module, such as Jest (condition `require`; see
 * docs/decisions/0009-commonjs-for-jest.md). One bundle, since two copies of a module would not share their state. An entry
 * point is evaluated when it is first required.
 */
export async function bundleCommonjs(): Promise<readonly BuiltFile[]> {
  const getters = [...ENTRIES].map(([subpath, source]) => {
    const [name, path] = [subpath, `./${source}`].map((text) => JSON.stringify(text));
    return `Object.defineProperty(exports, ${name}, { get: () => require(${path}) });`;
  });
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    stdin: { contents: getters.join('\n'), resolveDir: ROOT, sourcefile: 'commonjs.js' },
    outfile: BUNDLE,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    plugins: [includeJose],
    packages: 'external',
    supported: { 'dynamic-import': false },
    minify: true,
    keepNames: true,
    banner: { js: `/*! Contains parts of jose.\n\n${readText('node_modules/jose/LICENSE.md')}*/` },
    write: false,
    logLevel: 'warning',
  });
  return [...outputFiles, ...[...ENTRIES].map(([subpath, source]) => stubOf(subpath, source))];
}

/** The file that `exports` names for an entry point. */
function stubOf(subpath: string, source: string): BuiltFile {
  const path = source.replace(/^src\/(.*)\.ts$/, 'dist/$1.cjs');
  const target = posix.relative(posix.dirname(path), BUNDLE);
  const bundle = target.startsWith('.') ? target : `./${target}`;
  const text = `'use strict';\nmodule.exports = require('${bundle}')['${subpath}'];\n`;
  return { path: resolve(ROOT, path), text };
}

const JOSE = 'jose';

/** Includes the functions of jose that the source loads: jose has no CommonJS form. */
const includeJose: Plugin = {
  name: 'include-jose',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^jose$/ }, ({ namespace }) =>
      namespace === JOSE
        ? { path: fileURLToPath(import.meta.resolve(JOSE)) }
        : { path: JOSE, namespace: JOSE },
    );
    onLoad({ filter: /.*/, namespace: JOSE }, () => ({
      contents: `export { CompactEncrypt, CompactSign } from '${JOSE}';`,
      resolveDir: ROOT,
    }));
  },
};

function readText(path: string): string {
  return readFileSync(resolve(ROOT, path), 'utf8');
}
