import { readFileSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Metafile, type OutputFile, type Plugin } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
  readonly bin: Readonly<Record<string, string>>;
}
const { exports, bin }: Manifest = JSON.parse(readFileSync(resolve(ROOT, 'package.json'), 'utf8'));

/** Source of each entry point, by its subpath in `exports`. */
export const ENTRIES: ReadonlyMap<string, string> = new Map(
  Object.entries(exports).flatMap(([subpath, target]) =>
    typeof target === 'string' ? [] : [[subpath, sourceOf(target.default)]],
  ),
);

export interface BuiltFile {
  readonly path: string;
  readonly text: string;
}

export interface Built {
  readonly files: readonly BuiltFile[];
  /** Contents of each file. Imports from a shared bundle are external, as `bundle:` and its name. */
  readonly outputs: Metafile['outputs'];
}

const OPTIONS = {
  absWorkingDir: ROOT,
  outdir: 'dist',
  outbase: 'src',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  metafile: true,
  write: false,
  logLevel: 'warning',
} as const satisfies BuildOptions;

/** Prefix of imports from another bundle, such as `bundle:core`, until the path of the importing file is known. */
const BUNDLE = 'bundle:';
const BUNDLE_IMPORT = /"bundle:([^"]+)"/g;

/**
 * Bundle every entry point and the command line. Loading one file takes a fraction of the time and memory of loading
 * twenty, so the modules that entry points share are two bundles:
 *
 * - `core`: what `passport-jwe/accept` loads;
 * - `rooms`: what `passport-jwe` loads besides, except what needs Express.
 *
 * The rest is split by entry points. Dynamic imports stay separate files, and packages stay imports.
 */
export async function bundle(): Promise<Built> {
  const entries = [...ENTRIES.values(), ...Object.values(bin).map(sourceOf)];
  const graph = await readGraph(entries);
  const modulesOf = (subpath: string) =>
    listModules(graph, ENTRIES.get(subpath) ?? '').filter((module) => !isList(module));
  const core = modulesOf('./accept');
  const rooms = modulesOf('.').filter((module) => !core.includes(module) && !needsExpress(graph, module));
  const lazy = [...new Set([...graph.values()].flatMap((imports) => imports.filter(isLazy)))].map(
    ({ path }) => path,
  );
  const shared: Shared = {
    places: new Map([
      ...core.map((module) => [module, 'core'] as const),
      ...rooms.map((module) => [module, 'rooms'] as const),
      ...lazy.map((module) => [module, basename(module, '.ts')] as const),
    ]),
    exported: await nameExports([...core, ...rooms]),
  };
  const results = [
    await buildShared('core', core, shared),
    await buildShared('rooms', rooms, shared),
    await build({
      ...OPTIONS,
      entryPoints: [
        ...entries.map((path) => ({ in: path, out: path.replace(/^src\/(.*)\.ts$/, '$1') })),
        ...lazy.map((path) => ({ in: path, out: `chunks/${basename(path, '.ts')}` })),
      ],
      plugins: [importBundles(shared)],
    }),
  ];
  return {
    files: results.flatMap(({ outputFiles }) => outputFiles.map(linkBundles)),
    outputs: Object.assign({}, ...results.map(({ metafile }) => metafile.outputs)),
  };
}

function sourceOf(file: string): string {
  return file.replace(/^\.\/dist\//, 'src/').replace(/\.js$/, '.ts');
}

type Import = Metafile['inputs'][string]['imports'][number];

/** Imports of each module of the source. */
type Graph = ReadonlyMap<string, readonly Import[]>;

async function readGraph(entries: readonly string[]): Promise<Graph> {
  const { metafile } = await build({ ...OPTIONS, entryPoints: [...entries] });
  return new Map(Object.entries(metafile.inputs).map(([module, { imports }]) => [module, imports]));
}

/** Whether a module is nothing but a list of re-exports. */
function isList(module: string): boolean {
  return module.endsWith('/index.ts');
}

function isLazy({ kind, external }: Import): boolean {
  return kind === 'dynamic-import' && external !== true;
}

/** The modules that a module imports statically, except itself. */
function listModules(graph: Graph, from: string): readonly string[] {
  const modules = new Set([from]);
  for (const module of modules) {
    for (const { path, kind, external } of graph.get(module) ?? []) {
      if (kind === 'import-statement' && external !== true) modules.add(path);
    }
  }
  return [...modules].slice(1);
}

function needsExpress(graph: Graph, module: string): boolean {
  return [module, ...listModules(graph, module)].some((each) =>
    graph.get(each)?.some(({ path }) => path === 'express'),
  );
}

/** The exports of each module, under aliases that are unique among all of them. */
type Exported = ReadonlyMap<string, readonly (readonly [name: string, alias: string])[]>;

async function nameExports(modules: readonly string[]): Promise<Exported> {
  const { metafile } = await build({ ...OPTIONS, entryPoints: [...modules] });
  const taken = new Set<string>();
  const toAlias = (name: string): readonly [string, string] => {
    const alias = taken.has(name) ? `${name}${taken.size}` : name;
    taken.add(alias);
    return [name, alias];
  };
  return new Map(
    Object.values(metafile.outputs).flatMap(({ entryPoint, exports: names }) =>
      entryPoint === undefined ? [] : [[entryPoint, names.map(toAlias)] as const],
    ),
  );
}

interface Shared {
  /** The bundle or the separate file of each module. */
  readonly places: ReadonlyMap<string, string>;
  readonly exported: Exported;
}

/** A bundle that exports everything that its modules export. */
function buildShared(name: string, modules: readonly string[], shared: Shared) {
  const contents = modules.map((module) => {
    const names = (shared.exported.get(module) ?? []).map((pair) => pair.join(' as '));
    return `export { ${names.join(', ')} } from ${JSON.stringify(`/${module}`)};`;
  });
  return build({
    ...OPTIONS,
    stdin: { contents: contents.join('\n'), sourcefile: `${name}.js`, resolveDir: ROOT },
    entryNames: `chunks/${name}`,
    plugins: [importBundles(shared, name)],
  });
}

/** Redirect imports of bundled modules to their bundles. @param own the bundle that is built */
function importBundles({ places, exported }: Shared, own?: string): Plugin {
  return {
    name: 'import-bundles',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^bundle:/ }, ({ path }) => ({ path, external: true }));
      onResolve({ filter: /^\/src\// }, ({ path }) => ({ path: resolve(ROOT, path.slice(1)) }));
      onResolve({ filter: /^\./ }, ({ path, resolveDir, kind, importer, namespace }) => {
        if (kind === 'entry-point') return undefined;
        const module = relative(ROOT, resolve(resolveDir, path)).replace(/\.js$/, '.ts');
        // One module for each importer needs no separate chunk; one for all lists below an entry point, since
        // `export *` drops names that come from two.
        const from = namespace === 'file' ? relative(ROOT, importer) : importer.replace(/^.* for /, '');
        const result = { path: `${module} for ${from}`, pluginData: module, sideEffects: false };
        if (isList(module)) return { ...result, namespace: 'list' };
        const place = places.get(module);
        if (place === undefined || place === own) return undefined;
        const isRenamed = exported.get(module)?.some(([name, alias]) => name !== alias) ?? false;
        if (!isRenamed && !isList(from)) return { path: `${BUNDLE}${place}`, external: true };
        return { ...result, namespace: 'renamed' };
      });
      onLoad({ filter: /.*/, namespace: 'list' }, ({ pluginData: module }) => {
        const file = resolve(ROOT, module);
        return { contents: readFileSync(file, 'utf8'), loader: 'ts', resolveDir: dirname(file) };
      });
      onLoad({ filter: /.*/, namespace: 'renamed' }, ({ pluginData: module }) => {
        const names = (exported.get(module) ?? []).map(([name, alias]) => `${alias} as ${name}`);
        return { contents: `export { ${names.join(', ')} } from "${BUNDLE}${places.get(module)}";` };
      });
    },
  };
}

function linkBundles({ path, text }: OutputFile): BuiltFile {
  const directory = relative(dirname(path), resolve(ROOT, 'dist', 'chunks')) || '.';
  const prefix = directory.startsWith('.') ? directory : `./${directory}`;
  return { path, text: text.replace(BUNDLE_IMPORT, (_, name) => `"${prefix}/${name}.js"`) };
}
