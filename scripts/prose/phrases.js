import { readFileSync } from 'node:fs';

const { rules } = JSON.parse(readFileSync(new URL('rules.json', import.meta.url), 'utf8'));

/** Spaces match line breaks too. Names such as `token.refused` and `refuse-as-told` are code. */
const compiled = rules.map(({ rule, phrases, except = [], instead }) => ({
  rule,
  instead,
  pattern: new RegExp(`(?<![\\w.$'"/-])(?:${flexible(phrases)})(?![\\w$"/-]|'(?!s\\b)|\\.\\w)`, 'giu'),
  except: except.length === 0 ? undefined : new RegExp(flexible(except), 'giu'),
}));

export function findPhrases(blocks) {
  return blocks.flatMap(({ start, text }) =>
    compiled.flatMap(({ rule, instead, pattern, except }) => {
      const exceptions = except === undefined ? [] : [...text.matchAll(except)];
      return [...text.matchAll(pattern)]
        .filter((match) => !exceptions.some((exception) => contains(exception, match)))
        .map(({ 0: found, index }) => ({ at: start + index, length: found.length, rule, instead }));
    }),
  );
}

function flexible(phrases) {
  return phrases.join('|').replaceAll(' ', '\\s+');
}

function contains(outer, inner) {
  return outer.index <= inner.index && outer.index + outer[0].length >= inner.index + inner[0].length;
}
