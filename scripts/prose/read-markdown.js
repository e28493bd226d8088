import { blank, maskCode } from './masks.js';
import { readCode } from './read-code.js';
import { readHashComments } from './read-hash-comments.js';

/** A fence, its language and its content. */
const FENCE = /^([ \t]*)(```+|~~~+)([^\n]*)\n([\s\S]*?)^\1\2[ \t]*$/gm;
const READERS = [
  [/^(?:ts|js|typescript|javascript)\b/, readCode],
  [/^(?:sh|bash|ya?ml|python)\b/, readHashComments],
];
const MARKER = /^(?:[ \t]|>|[-*+] (?:\[[ x]\] )?|\d+\. |#+ )*/;

/**
 * Paragraphs, list items, headings and table cells of Markdown, and the prose in fenced code, as
 * `{ start, text, isSentence }`. Code in them is masked; offsets are those of the source.
 */
export function readMarkdown(source) {
  const fenced = [...source.matchAll(FENCE)].flatMap(readFence);
  const text = source.replace(FENCE, blank).replace(/<!--[\s\S]*?-->/g, blank);
  const blocks = [];
  let at = 0;
  let paragraph;
  for (const line of maskCode(text).split('\n')) {
    const isRow = /^\s*\|/.test(line);
    const isHeading = /^#/.test(line);
    if (paragraph !== undefined && (isRow || isHeading || startsBlock(line))) {
      blocks.push(paragraph);
      paragraph = undefined;
    }
    const content = line.replace(MARKER, blank).replace(/<[^>]*>/g, blank);
    if (isRow) blocks.push(...readCells(line, at));
    else if (isHeading) blocks.push({ start: at, text: content, isSentence: false });
    else if (paragraph !== undefined) paragraph.text += `\n${content}`;
    else if (content.trim() !== '') paragraph = { start: at, text: content, isSentence: true };
    at += line.length + 1;
  }
  if (paragraph !== undefined) blocks.push(paragraph);
  return [...blocks, ...fenced];
}

function startsBlock(line) {
  return line.trim() === '' || /^\s*(?:[-*+]|\d+\.)\s/.test(line);
}

function readCells(line, start) {
  return [...line.matchAll(/[^|]+/g)]
    .filter(([cell]) => /\p{L}/u.test(cell))
    .map(({ 0: text, index }) => ({ start: start + index, text, isSentence: true }));
}

function readFence({ 0: fence, 3: language, 4: content, index }) {
  const read = READERS.find(([languages]) => languages.test(language))?.[1] ?? (() => []);
  const offset = index + fence.indexOf(content, fence.indexOf('\n'));
  return read(content).map(({ start, text }) => ({ start: offset + start, text, isSentence: false }));
}
