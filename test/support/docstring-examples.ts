import { readdir, readFile } from 'node:fs/promises';
import { parse } from '@babel/parser';
import type { Statement } from '@babel/types';
import { readPublicNames } from './public-names.js';

/** Code of an `@example` of a public docstring. */
export interface DocstringExample {
  /** Path of the source file below `src`, and the line of the docstring. */
  readonly place: string;
  readonly code: string;
}

const SOURCE = new URL('../../src/', import.meta.url);

/** The entry of the package that exports each public name, for example `passport-jwe/audit` for `AuditEvent`. */
export async function readEntryOfNames(): Promise<ReadonlyMap<string, string>> {
  const { exports } = JSON.parse(await readFile(new URL('../package.json', SOURCE), 'utf8'));
  const entries = Object.entries<string | { readonly types: string }>(exports).map(async ([path, entry]) => {
    if (typeof entry === 'string') return [];
    const { values, types } = await readPublicNames(entry.types.replace(/^\.\/dist\/(.*)\.d\.ts$/, '$1.ts'));
    return [...values, ...types].map((name) => [name, path.replace('.', 'passport-jwe')] as const);
  });
  // The first entries win: they export the names that most applications use.
  return new Map((await Promise.all(entries)).flat().toReversed());
}

/** Read the examples of all public docstrings, with those of members. */
export async function readDocstringExamples(
  publicNames: ReadonlyMap<string, string>,
): Promise<readonly DocstringExample[]> {
  const examples: DocstringExample[] = [];
  const paths = await readdir(SOURCE, { recursive: true });
  for (const path of paths.filter((each) => each.endsWith('.ts'))) {
    const { program, comments } = parse(await readFile(new URL(path, SOURCE), 'utf8'), {
      ...{ sourceType: 'module', plugins: ['typescript'], attachComment: true },
    });
    for (const { from, to } of program.body.flatMap((each) => findPublicRange(each, publicNames))) {
      for (const { start = 0, value, loc } of comments ?? []) {
        if (start < from || start > to || !value.startsWith('*')) continue;
        const place = `${path}:${loc?.start.line}`;
        examples.push(...readExamples(value).map((code) => ({ place, code })));
      }
    }
  }
  return examples.sort((one, other) => one.place.localeCompare(other.place));
}

/** The range of a public declaration, from its docstring to its end. */
function findPublicRange(
  statement: Statement,
  publicNames: ReadonlyMap<string, string>,
): readonly { readonly from: number; readonly to: number }[] {
  if (statement.type !== 'ExportNamedDeclaration') return [];
  const { declaration, leadingComments, start, end } = statement;
  const id = declaration && 'id' in declaration ? declaration.id : undefined;
  if (id?.type !== 'Identifier' || !publicNames.has(id.name)) return [];
  return [{ from: leadingComments?.at(-1)?.start ?? start ?? 0, to: end ?? 0 }];
}

function readExamples(docstring: string): readonly string[] {
  const text = docstring.replaceAll(/^ *\* ?/gm, '');
  return [...text.matchAll(/^@example\n([\s\S]*?)(?=^@|$(?![\s\S]))/gm)].map(([, code = '']) => code.trim());
}
