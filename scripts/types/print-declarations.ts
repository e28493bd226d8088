import { posix } from 'node:path';
import { isDeclaration, type LinkedDeclarations, type PublicName } from './link-declarations.js';
import type { Declaration, ForeignName } from './read-declarations.js';

/** A file of the package: an entry point, or a file that entry points share. */
export interface DeclarationBundle {
  /** Path below `dist`, without `.d.ts`. */
  readonly path: string;
  readonly declarations: ReadonlySet<Declaration>;
  /** Names that the file exports. */
  readonly exports: ReadonlyMap<string, PublicName>;
}

/** Origin of the declarations in the file itself. */
const OWN = '.';

const REMEDY = 'names in one file of declarations must be unique, so rename one in the source';

/**
 * Write the text of a file, which imports declarations of other files.
 *
 * @param placeOf path below `dist` of the file that contains a declaration
 * @throws Error if a name has two meanings in the file
 */
export function printDeclarations(
  { path, declarations, exports }: DeclarationBundle,
  linked: LinkedDeclarations,
  placeOf: (declaration: Declaration) => string,
): string {
  const originOf = (declaration: Declaration) => specifierOf(path, placeOf(declaration));
  const names = bindNames(declarations, linked, originOf);
  const imports = groupBySource(
    [...names].flatMap(([local, { from, name }]) => (from === OWN ? [] : [[from, clauseOf(name, local)]])),
  );
  const inline = new Set<Declaration>();
  const listed: [from: string, item: string][] = [];
  for (const [name, { declaration, isType }] of exports) {
    const from = originOf(declaration);
    const isSame = declaration.name === name && declaration.isType === isType;
    if (from === OWN && isSame) inline.add(declaration);
    else listed.push([from, `${isType ? 'type ' : ''}${clauseOf(declaration.name, name)}`]);
  }
  return [
    ...[...imports].map(([from, items]) => `import type { ${items.join(', ')} } from '${from}';`),
    ...[...declarations].flatMap((each) =>
      each.parts.map(({ docstring, code }) => `${docstring}${inline.has(each) ? 'export ' : ''}${code}`),
    ),
    ...[...groupBySource(listed)].map(([from, items]) => {
      return `export { ${items.join(', ')} }${from === OWN ? '' : ` from '${from}'`};`;
    }),
    // Without an export list, each declaration of a `.d.ts` file is an export.
    'export {};\n',
  ].join('\n');
}

/** The meaning of each name in the file. */
function bindNames(
  declarations: ReadonlySet<Declaration>,
  linked: LinkedDeclarations,
  originOf: (declaration: Declaration) => string,
): ReadonlyMap<string, ForeignName> {
  const names = new Map<string, ForeignName>();
  const bind = (local: string, from: string, name: string): void => {
    const known = names.get(local);
    if (known !== undefined && (known.from !== from || known.name !== name)) {
      throw new Error(`${local} has two meanings: ${REMEDY}`);
    }
    names.set(local, { from, name });
  };
  const taken = new Set<string>();
  for (const { name, file } of declarations) {
    if (taken.has(name)) throw new Error(`${file} declares ${name} again: ${REMEDY}`);
    taken.add(name);
    bind(name, OWN, name);
  }
  for (const each of declarations) {
    for (const [local, target] of linked.targetsOf(each)) {
      if (isDeclaration(target)) bind(local, originOf(target), target.name);
      else bind(local, target.from, target.name);
    }
  }
  for (const each of declarations) {
    const known = linked.targetsOf(each);
    const hidden = [...each.references].find(
      (name) => names.has(name) && !known.has(name) && !each.parameters.has(name),
    );
    // For example `Response` of `fetch()` and of Express.
    if (hidden !== undefined) throw new Error(`${each.file} mentions the global ${hidden}: ${REMEDY}`);
  }
  return names;
}

function clauseOf(name: string, alias: string): string {
  return name === alias ? name : `${name} as ${alias}`;
}

function groupBySource(items: readonly (readonly [from: string, item: string])[]) {
  const groups = new Map<string, string[]>();
  for (const [from, item] of items) groups.set(from, [...(groups.get(from) ?? []), item]);
  return groups;
}

function specifierOf(path: string, place: string): string {
  if (path === place) return OWN;
  const relative = posix.relative(posix.dirname(path), place);
  return `${relative.startsWith('.') ? relative : `./${relative}`}.js`;
}
