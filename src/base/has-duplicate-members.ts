/**
 * Whether any object in a JSON text has duplicate members. RFC 7516 §4 forbids them in headers, but `JSON.parse`
 * accepts them.
 *
 * The check runs in linear time at any nesting depth, because attackers can choose the text.
 *
 * @param text valid JSON.
 */
export function hasDuplicateMembers(text: string): boolean {
  // All objects share one set, because JSON can contain an object every few characters.
  const members = new Set<string>();
  const open: number[] = [];
  let opened = 0;
  let lastString = '';
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === '"') {
      const end = endOfString(text, index);
      lastString = text.slice(index, end);
      index = end - 1;
    } else if (character === '{' || character === '[') {
      opened += 1;
      open.push(opened);
    } else if (character === '}' || character === ']') {
      open.pop();
    } else if (character === ':') {
      const member = `${open.at(-1)} ${nameOf(lastString)}`;
      if (members.has(member)) return true;
      members.add(member);
    }
  }
  return false;
}

/** Find the end of a string literal. @returns the index after the closing quote. */
function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === '\\' ? 2 : 1;
  return index + 1;
}

function nameOf(literal: string): string {
  return literal.includes('\\') ? JSON.parse(literal) : literal.slice(1, -1);
}
