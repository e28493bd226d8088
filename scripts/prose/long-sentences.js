import { CODE } from './masks.js';

/** The target is 25. */
const MOST_WORDS = 30;

/** A list of names of code is as easy to read as one word. */
const LIST_OF_CODE = new RegExp(`${CODE}+(?:(?:, |,? and |,? or |\\s)+${CODE}+)+`, 'gu');

export function findLongSentences(blocks) {
  return blocks
    .filter(({ isSentence }) => isSentence)
    .flatMap(({ start, text }) =>
      splitSentences(text).map(({ at, sentence }) => ({ at: start + at, sentence })),
    )
    .map(({ at, sentence }) => ({ at, length: sentence.length, words: countWords(sentence) }))
    .filter(({ words }) => words > MOST_WORDS)
    .map(({ at, length, words }) => ({
      at,
      length,
      rule: 'sentence length',
      instead: `at most 25 words a sentence, not ${words}`,
    }));
}

function splitSentences(text) {
  return [...text.matchAll(/\S[\s\S]*?(?:[.!?]["')\]*_]*(?=\s)(?<!\b(?:e\.g|i\.e|vs|etc|No)\.)|$)/g)]
    .map(({ 0: sentence, index }) => ({ at: index, sentence }))
    .filter(({ sentence }) => sentence !== '');
}

function countWords(sentence) {
  return sentence
    .replace(LIST_OF_CODE, CODE)
    .split(/\s+/)
    .filter((word) => /[\p{L}\p{N}\u00a4]/u.test(word)).length;
}
