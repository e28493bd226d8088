import { resolve } from 'node:path';
import {
  type Declaration,
  type DeclarationFile,
  type ForeignName,
  readDeclarations,
} from './read-declarations.js';

/** A declaration, or a name of a package. */
export type Target = Declaration | ForeignName;

/** A name that an entry point exports. */
export interface PublicName {
  readonly declaration: Declaration;
  readonly isType: boolean;
}

/** The declarations of all files, with the names that they mention. */
export interface LinkedDeclarations {
  /** What a file exports, by exported name. */
  exportsOf(file: string): ReadonlyMap<string, PublicName>;
  /** What a declaration mentions, by the name in its code. Globals and type parameters are omitted. */
  targetsOf(declaration: Declaration): ReadonlyMap<string, Target>;
  /** The declaration, and all that it requires. */
  closureOf(declaration: Declaration): ReadonlySet<Declaration>;
}

export function isDeclaration(target: Target): target is Declaration {
  return 'parts' in target;
}

/** Read files on demand, and link names to declarations. */
export function linkDeclarations(): LinkedDeclarations {
  const files = new Map<string, DeclarationFile>();
  const fileAt = (path: string): DeclarationFile => {
    const file = files.get(path) ?? readDeclarations(path);
    files.set(path, file);
    return file;
  };

  const resolveName = (path: string, { from, name }: ForeignName): Target => {
    if (!from.startsWith('.')) return { from, name };
    const found = exportsOf(neighbour(path, from)).get(name);
    if (found === undefined)
      throw new Error(`${path} imports ${name} from ${from}, which does not export it`);
    return found.declaration;
  };

  const resolveLocal = (path: string, name: string): Target | undefined => {
    const { declarations, imports } = fileAt(path);
    const foreign = imports.get(name);
    return declarations.get(name) ?? (foreign && resolveName(path, foreign));
  };

  const exportsOf = (path: string): ReadonlyMap<string, PublicName> => {
    const { exports, stars } = fileAt(path);
    const found = new Map<string, PublicName>();
    for (const { from, isType } of stars) {
      for (const [name, each] of exportsOf(neighbour(path, from))) {
        found.set(name, { ...each, isType: isType || each.isType });
      }
    }
    for (const [exported, { from, name, isType }] of exports) {
      const target = from === undefined ? resolveLocal(path, name) : resolveName(path, { from, name });
      if (target === undefined || !isDeclaration(target)) {
        throw new Error(`${path} exports ${name}, which is no declaration of the source`);
      }
      found.set(exported, { declaration: target, isType: isType || target.isType });
    }
    return found;
  };

  const targetsOf = ({ file, references }: Declaration): ReadonlyMap<string, Target> => {
    const targets = [...references].map((name) => [name, resolveLocal(file, name)] as const);
    return new Map(targets.flatMap(([name, target]) => (target === undefined ? [] : [[name, target]])));
  };

  const closureOf = (declaration: Declaration): ReadonlySet<Declaration> => {
    const closure = new Set([declaration]);
    for (const each of closure) {
      for (const target of targetsOf(each).values()) if (isDeclaration(target)) closure.add(target);
    }
    return closure;
  };

  return { exportsOf, targetsOf, closureOf };
}

function neighbour(path: string, from: string): string {
  return resolve(path, '..', from.replace(/\.js$/, '.d.ts'));
}
