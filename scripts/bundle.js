import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, relative, resolve } from 'node:path';
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

/** @type {import('esbuild').BuildOptions} */
const OPTIONS = {
  absWorkingDir: root,
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
  metafile: true,
  write: false,
  logLevel: 'warning',
};

/** Prefix of imports from another bundle, such as `bundle:core`, until the importing file has its place. */
const BUNDLE = 'bundle:';
const BUNDLE_IMPORT = /"bundle:([^"]+)"/g;

/**
 * Bundles every entry point and the command line. Loading one file takes a fraction of the time and memory of loading
 * twenty, so the modules that entry points share are two bundles:
 *
 * - `core`: what `passport-jwe/accept` loads;
 * - `rooms`: what `passport-jwe` loads besides, except what needs Express.
 *
 * The rest is split by entry points. Dynamic imports stay separate files, and packages stay imports.
 *
 * @returns {Promise<{ files: readonly { path: string, text: string }[], outputs: import('esbuild').Metafile['outputs'] }>}
 */
export async function bundle() {
  const files = [...ENTRIES.values(), ...Object.values(bin)].map(sourceOf);
  const graph = await readGraph(files);
  const modulesOf = (subpath) =>
    listModules(graph, sourceOf(ENTRIES.get(subpath))).filter((module) => !files.includes(module));
  const core = modulesOf('./accept');
  const rooms = modulesOf('.').filter((module) => !core.includes(module) && !needsExpress(graph, module));
  const exported = await nameExports([...core, ...rooms]);
  const places = new Map([
    ...core.map((module) => [module, 'core']),
    ...rooms.map((module) => [module, 'rooms']),
  ]);
  const parts = { places, exported };
  const lazy = [...graph].flatMap(([, { imports }]) => imports.filter(isLazy).map(({ path }) => path));

  const results = [
    await buildShared('core', core, parts),
    await buildShared('rooms', rooms, parts),
    await build({
      ...OPTIONS,
      entryPoints: [...files, ...new Set(lazy)].map((path) => ({ in: path, out: outputOf(path, lazy) })),
      plugins: [importBundles(parts)],
    }),
  ];
  return {
    files: results.flatMap(({ outputFiles }) => outputFiles.map(linkBundles)),
    outputs: Object.assign({}, ...results.map(({ metafile }) => metafile.outputs)),
  };
}

/** @param {readonly { path: string, text: string }[]} files */
export async function writeFiles(files) {
  for (const { path, text } of files) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}

/** @param {string} file */
function sourceOf(file) {
  return file.replace(/^\.\/dist\//, 'src/').replace(/\.js$/, '.ts');
}

/**
 * @param {string} path
 * @param {readonly string[]} lazy
 */
function outputOf(path, lazy) {
  return lazy.includes(path) ? `chunks/${basename(path, '.ts')}` : path.replace(/^src\/(.*)\.ts$/, '$1');
}

/** @typedef {import('esbuild').Metafile['inputs'][string]['imports'][number]} Import */
/** @typedef {ReadonlyMap<string, { readonly imports: readonly Import[] }>} Graph */

/**
 * @param {readonly string[]} files
 * @returns {Promise<Graph>}
 */
async function readGraph(files) {
  const { metafile } = await build({ ...OPTIONS, entryPoints: [...files] });
  return new Map(Object.entries(metafile.inputs));
}

/**
 * The exports of each module under names that are unique among all of them.
 * @param {readonly string[]} modules
 * @returns {Promise<ReadonlyMap<string, readonly (readonly [name: string, alias: string])[]>>}
 */
async function nameExports(modules) {
  const { metafile } = await build({ ...OPTIONS, entryPoints: [...modules] });
  const taken = new Set();
  const toAlias = (name) => {
    const alias = taken.has(name) ? `${name}${taken.size}` : name;
    taken.add(alias);
    return [name, alias];
  };
  const outputs = Object.values(metafile.outputs).filter(({ entryPoint }) => entryPoint !== undefined);
  return new Map(outputs.map(({ entryPoint, exports: names }) => [entryPoint, names.map(toAlias)]));
}

/** @param {Import} imported */
function isLazy({ kind, external }) {
  return kind === 'dynamic-import' && external !== true;
}

/**
 * The modules that an entry point loads at once, except itself.
 * @param {Graph} graph
 * @param {string} entry
 */
function listModules(graph, entry) {
  const modules = new Set([entry]);
  for (const module of modules) {
    for (const { path, kind, external } of graph.get(module).imports) {
      if (kind === 'import-statement' && external !== true) modules.add(path);
    }
  }
  return [...modules].slice(1);
}

/**
 * @param {Graph} graph
 * @param {string} module
 */
function needsExpress(graph, module) {
  return [module, ...listModules(graph, module)].some((each) =>
    graph.get(each).imports.some(({ path }) => path === 'express'),
  );
}

/**
 * @typedef {object} Parts
 * @property {ReadonlyMap<string, string>} places bundle of each module that is in one
 * @property {Awaited<ReturnType<typeof nameExports>>} exported
 */

/**
 * A bundle that exports everything that its modules export.
 * @param {string} name
 * @param {readonly string[]} modules
 * @param {Parts} parts
 */
function buildShared(name, modules, parts) {
  const contents = modules.map((module) => {
    const names = parts.exported.get(module).map((pair) => pair.join(' as '));
    return `export { ${names.join(', ')} } from ${JSON.stringify(`/${module}`)};`;
  });
  return build({
    ...OPTIONS,
    stdin: { contents: contents.join('\n'), sourcefile: `${name}.js`, resolveDir: root },
    entryNames: `chunks/${name}`,
    plugins: [importBundles(parts, name)],
  });
}

/**
 * Imports from the bundles what is in them.
 * @param {Parts} parts
 * @param {string} [own] the bundle that is built
 * @returns {import('esbuild').Plugin}
 */
function importBundles({ places, exported }, own) {
  return {
    name: 'import-bundles',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^bundle:/ }, ({ path }) => ({ path, external: true }));
      onResolve({ filter: /^\/src\// }, ({ path }) => ({ path: resolve(root, path.slice(1)) }));
      onResolve({ filter: /^\./ }, ({ path, resolveDir, kind, importer }) => {
        const module = relative(root, resolve(resolveDir, path)).replace(/\.js$/, '.ts');
        if (kind === 'dynamic-import') return { path: BUNDLE + basename(module, '.ts'), external: true };
        if (kind === 'entry-point' || !places.has(module) || places.get(module) === own) return undefined;
        const isRenamed = exported.get(module).some(([name, alias]) => name !== alias);
        if (!isRenamed) return { path: BUNDLE + places.get(module), external: true };
        // One for each importer, so that it needs no chunk of its own.
        const renamed = `${module} for ${relative(root, importer)}`;
        return { path: renamed, namespace: 'renamed', pluginData: module, sideEffects: false };
      });
      onLoad({ filter: /.*/, namespace: 'renamed' }, ({ pluginData: module }) => {
        const names = exported.get(module).map(([name, alias]) => `${alias} as ${name}`);
        return { contents: `export { ${names.join(', ')} } from "${BUNDLE}${places.get(module)}";` };
      });
    },
  };
}

/** @param {{ path: string, text: string }} file */
function linkBundles({ path, text }) {
  const directory = relative(dirname(path), resolve(root, 'dist', 'chunks')) || '.';
  const prefix = directory.startsWith('.') ? directory : `./${directory}`;
  return { path, text: text.replace(BUNDLE_IMPORT, (_, name) => `"${prefix}/${name}.js"`) };
}
