import { maskCode } from './masks.js';

/** Comments of YAML, shell scripts and Python, as `{ start, text }`. */
export function readHashComments(source) {
  return [...source.matchAll(/(?<=^|\s)# (.*)/gm)].map(({ 1: text, index }) => ({
    start: index + 2,
    text: maskCode(text),
  }));
}
