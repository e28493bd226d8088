import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** What an entry of the package exports, in alphabetical order. */
export interface PublicNames {
  readonly values: readonly string[];
  readonly types: readonly string[];
}

const LIST = /export (type )?\{([^}]*)\} from/g;
const STAR = /export (type )?\* from '([^']+)'/g;
const DECLARATION = /^export (?:abstract )?(?:async )?(interface|type|function|class|const) (\w+)/gm;

/** Reads what a source file exports, and what it re-exports. */
export async function readPublicNames(path: string): Promise<PublicNames> {
  const names = await readNames(new URL(`../../src/${path}`, import.meta.url));
  const of = (isType: boolean) =>
    [...names]
      .filter(([, each]) => each === isType)
      .map(([name]) => name)
      .sort();
  return { values: of(false), types: of(true) };
}

/** Names, and whether each is a type. */
async function readNames(file: URL): Promise<ReadonlyMap<string, boolean>> {
  const text = await readFile(file, 'utf8');
  const names = new Map<string, boolean>();
  for (const [, kind = '', name = ''] of text.matchAll(DECLARATION)) {
    names.set(name, kind === 'interface' || kind === 'type');
  }
  for (const [, type, list = ''] of text.matchAll(LIST)) {
    for (const item of list.split(',').map((each) => each.trim())) {
      if (item !== '') names.set(item.replace(/^type /, ''), type !== undefined || item.startsWith('type '));
    }
  }
  for (const [, type, path = ''] of text.matchAll(STAR)) {
    const source = new URL(path.replace(/\.js$/, '.ts'), file);
    for (const [name, isType] of await readNames(source)) names.set(name, isType || type !== undefined);
  }
  return names;
}

/** Paths below `src` of every module that a source file imports, by way of others too, types included. */
export async function readImports(path: string): Promise<ReadonlySet<string>> {
  const root = fileURLToPath(new URL('../../src/', import.meta.url));
  const found = new Set<string>();
  const visit = async (file: URL): Promise<void> => {
    const name = fileURLToPath(file).slice(root.length);
    if (found.has(name)) return;
    found.add(name);
    const text = await readFile(file, 'utf8');
    for (const [, source = ''] of text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)) {
      await visit(new URL(source.replace(/\.js$/, '.ts'), file));
    }
  };
  await visit(new URL(`../../src/${path}`, import.meta.url));
  return found;
}
