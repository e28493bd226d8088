/** Stands for a character of code, which is no prose. It is no word character and no white space. */
export const CODE = '\u00a4';

/** Blanks keep their length and line breaks, so that offsets stay those of the source. */
export const blank = (text) => text.replace(/[^\n]/g, ' ');

/** Hides code spans, addresses and `{@link names}`. */
export function maskCode(text) {
  return text
    .replace(/(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, hide)
    .replace(/\{@\w+[^}]*\}/g, hide)
    .replace(/\]\([^)\s]*\)/g, hide)
    .replace(/\bhttps?:\/\/[^\s)>]+/g, hide);
}

/** Counts as one word, and keeps the length. */
function hide(text) {
  return CODE.repeat(text.length);
}
