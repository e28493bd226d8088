import { blank, CODE, maskCode } from './masks.js';

const TOKEN = new RegExp(
  [
    String.raw`(?<comment>\/\/[^\n]*(?:\n[ \t]*\/\/[^\n]*)*|\/\*[\s\S]*?\*\/)`,
    String.raw`(?<string>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")`,
    String.raw`(?<word>[\w$]+)`,
    String.raw`(?<space>\s+)`,
    String.raw`(?<mark>[\s\S])`,
  ].join('|'),
  'y',
);
const REGEXP = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/y;

/** After these a slash begins a regular expression; after a name, number or closing bracket it divides. */
const BEFORE_REGEXP = /^(?:return|typeof|case|in|of|yield|await|[^\w$)\]}])$/;
const SEVERAL_WORDS = /[\p{L}\u00a4,;:] +[\p{L}\u00a4]/u;

/**
 * Comments and multi-word strings of JavaScript or TypeScript, as `{ start, text }`. Code in them is masked; offsets are
 * those of the source.
 */
export function readCode(source) {
  const blocks = [];
  let at = 0;
  readUntil(undefined);
  return blocks;

  function readUntil(closing) {
    let before = ';';
    for (let depth = 0; at < source.length; ) {
      const start = at;
      const { comment, string, word, mark } = next();
      if (comment !== undefined) add(start, maskCode(maskComment(comment)));
      else if (string !== undefined) addString(start + 1, string.slice(1, -1));
      else if (mark === '`') readTemplate();
      else if (mark === '/' && BEFORE_REGEXP.test(before)) skipRegExp(start);
      else if (mark === '{') depth += 1;
      else if (mark === '}') depth -= 1;
      if (mark === closing && depth < 0) return;
      before = word ?? mark ?? (string === undefined ? before : ')');
    }
  }

  function next() {
    TOKEN.lastIndex = at;
    const { groups } = TOKEN.exec(source);
    at = TOKEN.lastIndex;
    return groups;
  }

  function skipRegExp(start) {
    REGEXP.lastIndex = start;
    if (REGEXP.test(source)) at = REGEXP.lastIndex;
  }

  /** Expressions are masked; strings in them are separate blocks. */
  function readTemplate() {
    const start = at;
    let text = '';
    while (at < source.length && source[at] !== '`') {
      const from = at;
      if (source.startsWith('${', at)) {
        at += 2;
        readUntil('}');
        text += CODE.repeat(at - from);
      } else {
        at += source[at] === '\\' ? 2 : 1;
        text += source.slice(from, at);
      }
    }
    at += 1;
    addString(start, text);
  }

  function addString(start, text) {
    const masked = maskCode(text.replace(/\\[^'"`]/g, '  '));
    if (SEVERAL_WORDS.test(masked)) add(start, masked);
  }

  function add(start, text) {
    blocks.push({ start, text });
  }
}

/** Hides the marks of the comment, fenced code, examples, and names of parameters and tags. */
function maskComment(comment) {
  return comment
    .replace(/^\/\*+|\*+\/$|^[ \t]*\*(?!\/)|^[ \t]*\/\//gm, blank)
    .replace(/```[\s\S]*?```/g, blank)
    .replace(/@example\b[\s\S]*?(?=\n\s*@|$)/g, blank)
    .replace(/@(?:param|throws|see|default)\b(?: \{[^}]*\}| \S+ (?=-))?|(?<!\{)@\w+/g, blank);
}
