import { readFileSync } from 'node:fs';
import { parse } from '@babel/parser';
import {
  type ExportNamedDeclaration,
  type ImportDeclaration,
  isIdentifier,
  isTSImportType,
  type Node,
  type Statement,
  traverseFast,
} from '@babel/types';

/** One declared name of a file: an interface, a class, a function with its overloads. */
export interface Declaration {
  readonly name: string;
  /** Path of the file. */
  readonly file: string;
  /** Overloads of a function, otherwise one part. */
  readonly parts: { readonly docstring: string; readonly code: string }[];
  /** Whether the name is a type only. A class is a value too. */
  isType: boolean;
  /** Names that the code mentions. */
  readonly references: Set<string>;
  /** Type parameters of the code. */
  readonly parameters: Set<string>;
  /** Packages in `import('package')`. */
  readonly packages: Set<string>;
}

/** A name of another file. `name` is `*` for all names. */
export interface ForeignName {
  readonly from: string;
  readonly name: string;
}

export interface ExportedName {
  /** Undefined for a name of the file itself. */
  readonly from?: string | undefined;
  readonly name: string;
  /** Whether `export type` exports the name. */
  readonly isType: boolean;
}

export interface DeclarationFile {
  readonly declarations: ReadonlyMap<string, Declaration>;
  /** By local name. */
  readonly imports: ReadonlyMap<string, ForeignName>;
  /** By exported name. */
  readonly exports: ReadonlyMap<string, ExportedName>;
  /** `export *`. */
  readonly stars: readonly { readonly from: string; readonly isType: boolean }[];
}

/** `import("./file.js").Name`, which the compiler writes for an inferred type. */
const INFERRED = /\bimport\("(\.[^"]+)"\)\.(\w+)/g;

const DIRECTIVE = /^\/\/\/ *<reference/m;

/**
 * Read a `.d.ts` file that the compiler has written.
 *
 * @throws Error if the file contains a statement that the bundle of declarations does not support
 */
export function readDeclarations(file: string): DeclarationFile {
  const imports = new Map<string, ForeignName>();
  const text = readFileSync(file, 'utf8').replace(INFERRED, (_, from: string, name: string) => {
    imports.set(name, { from, name });
    return name;
  });
  if (DIRECTIVE.test(text)) throw new Error(`Unsupported directive in ${file}`);
  const found: Found = { declarations: new Map(), imports, exports: new Map(), stars: [] };
  const { program } = parse(text, { sourceType: 'module', plugins: [['typescript', { dts: true }]] });
  for (const statement of program.body) addStatement(statement, found, file, text);
  return found;
}

interface Found {
  readonly declarations: Map<string, Declaration>;
  readonly imports: Map<string, ForeignName>;
  readonly exports: Map<string, ExportedName>;
  readonly stars: { from: string; isType: boolean }[];
}

function addStatement(statement: Statement, found: Found, file: string, text: string): void {
  if (statement.type === 'ImportDeclaration') addImports(statement, found.imports);
  else if (statement.type === 'ExportAllDeclaration') {
    found.stars.push({ from: statement.source.value, isType: statement.exportKind === 'type' });
  } else if (statement.type === 'ExportNamedDeclaration' && !statement.declaration) {
    addExports(statement, found.exports);
  } else {
    const declaration = readDeclaration(statement, file, text);
    const { name, isType } = declaration;
    const overload = found.declarations.get(name);
    if (overload === undefined) found.declarations.set(name, declaration);
    else extend(overload, declaration);
    if (statement.type === 'ExportNamedDeclaration') found.exports.set(name, { name, isType });
  }
}

function addImports({ source, specifiers }: ImportDeclaration, imports: Map<string, ForeignName>): void {
  const from = source.value;
  if (specifiers.length === 0) throw new Error(`Unsupported import of ${from} without names`);
  for (const specifier of specifiers) {
    if (specifier.type === 'ImportNamespaceSpecifier') imports.set(specifier.local.name, { from, name: '*' });
    else if (specifier.type === 'ImportDefaultSpecifier') {
      imports.set(specifier.local.name, { from, name: 'default' });
    } else imports.set(specifier.local.name, { from, name: nameOf(specifier.imported) });
  }
}

function addExports(
  { source, specifiers, exportKind }: ExportNamedDeclaration,
  exports: Map<string, ExportedName>,
): void {
  for (const specifier of specifiers) {
    if (specifier.type !== 'ExportSpecifier') throw new Error(`Unsupported export: ${specifier.type}`);
    const isType = exportKind === 'type' || specifier.exportKind === 'type';
    exports.set(nameOf(specifier.exported), { from: source?.value, name: specifier.local.name, isType });
  }
}

function readDeclaration(statement: Statement, file: string, text: string): Declaration {
  const code = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement;
  if (code === null || code === undefined) throw new Error(`Unsupported statement in ${file}`);
  const docstring = statement.leadingComments?.at(-1);
  const slice = ({ start, end }: { start?: number | null; end?: number | null }) =>
    text.slice(start ?? 0, end ?? 0);
  return {
    name: declaredName(code, file),
    file,
    parts: [{ docstring: docstring === undefined ? '' : `${slice(docstring)}\n`, code: slice(code) }],
    isType: code.type === 'TSInterfaceDeclaration' || code.type === 'TSTypeAliasDeclaration',
    ...readReferences(code),
  };
}

function declaredName(code: Node, file: string): string {
  switch (code.type) {
    case 'TSInterfaceDeclaration':
    case 'TSTypeAliasDeclaration':
    case 'TSDeclareFunction':
    case 'ClassDeclaration':
      if (code.id) return code.id.name;
      break;
    case 'VariableDeclaration': {
      const [variable, ...others] = code.declarations;
      if (others.length === 0 && isIdentifier(variable?.id)) return variable.id.name;
    }
  }
  throw new Error(`Unsupported declaration in ${file}: ${code.type}`);
}

/** Names in places where code refers to a declaration. Names of members and of function parameters are none. */
function readReferences(code: Node): Pick<Declaration, 'references' | 'parameters' | 'packages'> {
  const references = new Set<string>();
  const parameters = new Set<string>();
  const packages = new Set<string>();
  const add = (node: Node | null | undefined): void => {
    if (isIdentifier(node)) references.add(node.name);
    else if (node?.type === 'TSQualifiedName') add(node.left);
    else if (node?.type === 'MemberExpression') add(node.object);
    else if (node && !isTSImportType(node)) throw new Error(`Unsupported reference: ${node.type}`);
  };
  traverseFast(code, (node) => {
    if (node.type === 'TSTypeReference') add(node.typeName);
    if (node.type === 'TSTypeQuery') add(node.exprName);
    if (node.type === 'TSExpressionWithTypeArguments') add(node.expression);
    if (node.type === 'ClassDeclaration') add(node.superClass);
    if (node.type === 'TSTypeParameter') parameters.add(node.name);
    if (node.type === 'TSImportType') packages.add(node.argument.value);
    if ('computed' in node && node.computed && 'key' in node) add(node.key);
  });
  return { references, parameters, packages };
}

function extend(declaration: Declaration, overload: Declaration): void {
  declaration.parts.push(...overload.parts);
  declaration.isType &&= overload.isType;
  for (const kind of ['references', 'parameters', 'packages'] as const) {
    for (const name of overload[kind]) declaration[kind].add(name);
  }
}

function nameOf(
  node: { type: 'Identifier'; name: string } | { type: 'StringLiteral'; value: string },
): string {
  return node.type === 'Identifier' ? node.name : node.value;
}
