import { isBuiltin } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuiltFile, ENTRIES } from './bundle.js';
import { isDeclaration, type LinkedDeclarations, linkDeclarations } from './types/link-declarations.js';
import { type DeclarationBundle, printDeclarations } from './types/print-declarations.js';
import type { Declaration } from './types/read-declarations.js';

const DIST = fileURLToPath(new URL('../dist', import.meta.url));

/** Folder of the declarations that the compiler writes: `outDir` in `tsconfig.build.json`. */
export const DECLARATIONS = resolve(DIST, 'declarations');

/**
 * Bundle the type declarations of every entry point: one file for each entry point, and files in `chunks/` for the
 * declarations that several entry points share. Each type is declared once. What no entry point needs is omitted.
 *
 * A shared file contains the declarations that need the same packages, so that the types of `passport-jwe/stores` need
 * neither those of Express nor those of Node.js.
 *
 * @throws Error if a declaration has a form that the bundle does not support, or if two have the same name in one file
 */
export function bundleTypes(): readonly BuiltFile[] {
  const linked = linkDeclarations();
  const entries = [...ENTRIES.values()].map((source) => {
    const path = source.replace(/^src\/(.*)\.ts$/, '$1');
    return { path, exports: linked.exportsOf(resolve(DECLARATIONS, `${path}.d.ts`)) };
  });
  const places = placeDeclarations(entries, linked);
  const placeOf = (declaration: Declaration) => places.get(declaration) ?? '';
  const shared = [...new Set(places.values())].filter((path) =>
    entries.every((entry) => entry.path !== path),
  );
  const print = (
    path: string,
    exportsOf: (own: ReadonlySet<Declaration>) => DeclarationBundle['exports'],
  ) => {
    const declarations = new Set([...places.keys()].filter((each) => placeOf(each) === path));
    const text = printDeclarations({ path, declarations, exports: exportsOf(declarations) }, linked, placeOf);
    return { path: resolve(DIST, `${path}.d.ts`), text };
  };
  return [
    ...entries.map(({ path, exports }) => print(path, () => exports)),
    ...shared.map((path) => print(path, exportAll)),
  ];
}

/** The path of each declaration: of the only entry point that needs it, or of a shared file. */
function placeDeclarations(
  entries: readonly Pick<DeclarationBundle, 'path' | 'exports'>[],
  linked: LinkedDeclarations,
): ReadonlyMap<Declaration, string> {
  const users = new Map<Declaration, Set<string>>();
  for (const { path, exports } of entries) {
    for (const { declaration } of exports.values()) {
      for (const each of linked.closureOf(declaration)) {
        users.set(each, (users.get(each) ?? new Set()).add(path));
      }
    }
  }
  return new Map(
    [...users].map(([declaration, [user = '', ...others]]) => {
      return [declaration, others.length === 0 ? user : sharedPlace(declaration, linked)];
    }),
  );
}

function exportAll(declarations: ReadonlySet<Declaration>): DeclarationBundle['exports'] {
  return new Map([...declarations].map((each) => [each.name, { declaration: each, isType: each.isType }]));
}

/** Path of the shared file for declarations that need the same packages. */
function sharedPlace(declaration: Declaration, linked: LinkedDeclarations): string {
  const packages = new Set<string>();
  for (const each of linked.closureOf(declaration)) {
    for (const name of each.packages) packages.add(name);
    for (const target of linked.targetsOf(each).values()) {
      if (!isDeclaration(target)) packages.add(target.from);
    }
  }
  const others = [...packages].filter((name) => !isBuiltin(name)).sort();
  const kind = others.length > 0 ? others.join('-') : packages.size > 0 ? 'node' : 'plain';
  return `chunks/${kind}-types`;
}
