/** Strings and structure of a JSON text; what else there is (numbers, literals, space) tells no members apart. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g;

/**
 * Whether any object in a JSON text names a member twice, which RFC 7516 section 4 forbids in headers and
 * JSON.parse does not show.
 * @param text valid JSON.
 */
export function hasDuplicateMembers(text: string): boolean {
  const open: Set<string>[] = [];
  let lastString = '';
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') open.push(new Set());
    else if (token === '}' || token === ']') open.pop();
    else if (token !== ':') lastString = token;
    else {
      const name: string = JSON.parse(lastString);
      const members = open.at(-1);
      if (members?.has(name)) return true;
      members?.add(name);
    }
  }
  return false;
}
