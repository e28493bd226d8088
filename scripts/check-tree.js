// Checks that every directory in src/ has a layer in biome.json, and that no two files share a name.
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

const ROOT = new URL('..', import.meta.url);
const { overrides } = JSON.parse(readFileSync(new URL('biome.json', ROOT), 'utf8'));

/** Path patterns of directories whose imports biome.json restricts. */
const layered = overrides
  .filter(({ linter }) => linter.rules.style?.noRestrictedImports !== undefined)
  .flatMap(({ includes }) => includes);

const directories = readdirSync(new URL('src', ROOT), { withFileTypes: true }).filter((entry) =>
  entry.isDirectory(),
);
const unlayered = directories.filter(({ name }) => !layered.includes(`src/${name}/**`));

const files = readdirSync(new URL('src', ROOT), { recursive: true }).filter((path) => path.endsWith('.ts'));
const byName = new Map();
for (const path of files.filter((path) => basename(path) !== 'index.ts')) {
  byName.set(basename(path), [...(byName.get(basename(path)) ?? []), path]);
}
const shared = [...byName.values()].filter((paths) => paths.length > 1);

const faults = [
  ...unlayered.map(({ name }) => `src/${name}/ has no layer: add the directory to "overrides" in biome.json`),
  ...shared.map(
    (paths) => `files share a name: rename all but one of ${paths.map((path) => `src/${path}`).join(', ')}`,
  ),
];
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
