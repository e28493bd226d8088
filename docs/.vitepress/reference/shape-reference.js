import { Converter, ReflectionKind } from 'typedoc';
import { MarkdownPageEvent } from 'typedoc-plugin-markdown';
import { ENTRY_POINTS } from './entry-points.js';

/** Replacements in the Markdown of a page, in this order. */
const REPLACEMENTS = [
  // A re-exported name takes one line instead of a section.
  [/^### .+\n+Re-exports (\[.+\]\(.+\))\n*(?:\*\*\*\n*)?/gm, '- $1\n'],
  [/^## References$/gm, '## Re-exports'],
  // "Extends" at the top of the page names the other type.
  [/^#+ Inherited from\n+.+\n*/gm, ''],
  [
    /^#+ Default\n+(?:```ts\n(.+)\n```|(.+))$/gm,
    (_match, code, prose) => `Default: ${showDefault(code ?? prose)}`,
  ],
];

/**
 * TypeDoc plugin: modules have the names that applications import, and pages omit sections that repeat others.
 *
 * @param {import('typedoc-plugin-markdown').MarkdownApplication} app
 */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
      const source = project.getSymbolIdFromReflection(module)?.packagePath;
      const entryPoint = ENTRY_POINTS.find((candidate) => candidate.source === source);
      if (entryPoint !== undefined) module.name = entryPoint.name;
    }
  });
  app.renderer.on(MarkdownPageEvent.END, (page) => {
    page.contents = REPLACEMENTS.reduce(
      (text, [pattern, replacement]) => text.replace(pattern, replacement),
      page.contents ?? '',
    );
  });
}

/** A default is a value, a value with an explanation, for example `undefined (no limit)`, or prose. */
function showDefault(text) {
  const [, value, explanation] = /^(\S+) (\(.+\))$/.exec(text) ?? [];
  if (value !== undefined) return `\`${value}\` ${explanation}`;
  return text.includes('`') || (/\w [\w(]/.test(text) && !/^['{[]/.test(text)) ? text : `\`${text}\``;
}
