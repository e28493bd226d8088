/**
 * Find the first value that JSON would lose or change, and say what to write instead. Members that are `undefined` count as
 * absent.
 *
 * @param path name of the value, for the message
 * @returns a message without values, or `undefined` if the value is plain JSON of at most `maxDepth` levels
 */
export function findNonJson(value: unknown, maxDepth: number, path: string): string | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : `${path} must be finite: JSON has no NaN and no infinity`;
    case 'bigint':
      return `${path} must not be a bigint: write a string`;
    case 'object':
      return value === null ? undefined : findInObject(value, maxDepth, path);
    default:
      return `${path} must not be ${typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`}: remove it`;
  }
}

function findInObject(value: object, maxDepth: number, path: string): string | undefined {
  if (maxDepth === 0) return `${path} is nested too deeply: flatten it`;
  if (Array.isArray(value)) {
    return firstOf(Array.from(value), (item, index) => findNonJson(item, maxDepth - 1, `${path}[${index}]`));
  }
  if (!isPlain(value)) return `${path} must be a plain object, an array or a string: ${remedyFor(value)}`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return firstOf(members, ([name, member]) => findNonJson(member, maxDepth - 1, `${path}.${name}`));
}

function firstOf<Item>(
  items: readonly Item[],
  find: (item: Item, index: number) => string | undefined,
): string | undefined {
  for (const [index, item] of items.entries()) {
    const found = find(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Objects of other realms, such as a test runner's, are plain too. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  const isRoot =
    prototype === null || (typeof prototype === 'object' && Object.getPrototypeOf(prototype) === null);
  return isRoot && typeof Reflect.get(value, 'toJSON') !== 'function';
}

function remedyFor(value: object): string {
  if (value instanceof Date) return 'write date.toISOString()';
  if (value instanceof Set) return 'write [...set]';
  if (value instanceof Map) return 'write Object.fromEntries(map)';
  return 'convert it, for example with String()';
}
