import { readFileSync } from 'node:fs';

const { exports } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));

/**
 * Entry points of the package, from the `exports` of package.json. `./dist/accept/index.d.ts` is built from
 * `src/accept/index.ts`.
 *
 * @type {readonly { readonly name: string, readonly source: string }[]}
 */
export const ENTRY_POINTS = Object.entries(exports)
  .filter(([, { types }]) => types !== undefined)
  .map(([path, { types }]) => ({
    name: path.replace('.', 'passport-jwe'),
    source: types.replace('./dist/', 'src/').replace(/\.d\.ts$/, '.ts'),
  }));
