/** Folds a name as lenient parsers do, for example that of Go: they ignore case, also of U+017F and U+212A. */
export function foldName(name: string): string {
  return name.toUpperCase().toLowerCase();
}
