// Lets Node.js run TypeScript files: `node --import test/support/programs/load-typescript.js example.ts`. Node.js 20 needs
// it. tsx would do the same, but takes a second to start, and takes `src/` for the package: here, programs run `dist/`.
import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

const OPTIONS = {
  sourceMaps: 'inline',
  jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
};

// Node.js loads the functions below in a thread of their own.
if (isMainThread) register(import.meta.url);

/** Finds `app.ts` as `app.js`, the name by which TypeScript files import it. */
export async function resolve(specifier, context, next) {
  if (!/^\.{1,2}\/.*\.m?js$/.test(specifier)) return next(specifier, context);
  return next(specifier, context).catch((error) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return next(specifier.replace(/js$/, 'ts'), context);
  });
}

export async function load(url, context, next) {
  if (!/\.m?ts$/.test(url)) return next(url, context);
  const filename = fileURLToPath(url);
  const { transform } = await import('@swc/core');
  const { code } = await transform(await readFile(filename, 'utf8'), { ...OPTIONS, filename });
  return { format: 'module', source: code, shortCircuit: true };
}
