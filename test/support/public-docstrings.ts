import { readFile } from 'node:fs/promises';
import { parse } from '@babel/parser';
import type { Statement } from '@babel/types';

/** An exported function or class of an entry of the package. */
export interface Documented {
  readonly name: string;
  /** Path below `src`. */
  readonly file: string;
  /** Text of all its docstrings: an overloaded function may have several. */
  readonly docstring: string;
}

const SOURCE = new URL('../../src/', import.meta.url);

/** Reads the exported functions and classes of an entry, by name. Their docstrings are empty if they have none. */
export async function readPublicDocstrings(path: string): Promise<ReadonlyMap<string, Documented>> {
  const file = new URL(path, SOURCE);
  const found = new Map<string, Documented>();
  for (const statement of parseModule(await readFile(file, 'utf8'))) {
    if (statement.type === 'ExportAllDeclaration') {
      for (const [name, each] of await readPublicDocstrings(pathOf(statement.source.value, file))) {
        found.set(name, each);
      }
    }
    if (statement.type !== 'ExportNamedDeclaration') continue;
    const name = nameOf(statement.declaration);
    if (name !== undefined) {
      const docstring = [found.get(name)?.docstring ?? '', ...docstringsOf(statement)].join('\n').trim();
      found.set(name, { name, file: path, docstring });
    }
    if (!statement.source) continue;
    const others = await readPublicDocstrings(pathOf(statement.source.value, file));
    for (const { exported } of statement.specifiers) {
      const other = exported.type === 'Identifier' ? others.get(exported.name) : undefined;
      if (other !== undefined) found.set(other.name, other);
    }
  }
  return found;
}

function parseModule(text: string): readonly Statement[] {
  return parse(text, { sourceType: 'module', plugins: ['typescript'], attachComment: true }).program.body;
}

function pathOf(specifier: string, file: URL): string {
  return new URL(specifier.replace(/\.js$/, '.ts'), file).href.slice(SOURCE.href.length);
}

function nameOf(declaration: Statement | null | undefined): string | undefined {
  if (declaration?.type === 'FunctionDeclaration' || declaration?.type === 'ClassDeclaration') {
    return declaration.id?.name;
  }
  return declaration?.type === 'TSDeclareFunction' ? declaration.id?.name : undefined;
}

/** The last comment above a declaration, if it is a docstring. */
function docstringsOf({ leadingComments }: Statement): readonly string[] {
  const last = leadingComments?.at(-1);
  return last?.type === 'CommentBlock' && last.value.startsWith('*') ? [last.value] : [];
}
