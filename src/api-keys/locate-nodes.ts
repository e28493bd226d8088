import { EVENT_ID, type Event, getScalarValue, SCALAR_STYLE } from 'js-yaml';
import type { DocumentPath } from './format-path.js';

/** Position in a file. Lines and columns start at 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Character offsets of nodes by path. A mapping member is located at its name. */
export type NodeOffsets = ReadonlyMap<string, number>;

/** Scalar node of a document. */
export interface FoundScalar {
  readonly path: DocumentPath;
  readonly text: string;
  /** Whether the scalar is unquoted and not a block scalar. Its text then determines its type (YAML 1.2 §10.3.2). */
  readonly isPlain: boolean;
}

/**
 * Index the offsets of all nodes in a document. The recursion is bounded, because the parser limits the depth.
 *
 * @param onScalar called for every scalar except member names.
 */
export function indexOffsets(
  text: string,
  events: readonly Event[],
  onScalar: (scalar: FoundScalar) => void = () => {},
): NodeOffsets {
  const offsets = new Map<string, number>();
  const cursor = events.values();

  const walk = (node: Event | undefined, path: DocumentPath): void => {
    if (node?.type === EVENT_ID.MAPPING) walkMembers(path);
    if (node?.type === EVENT_ID.SEQUENCE) walkItems(path);
    if (node?.type === EVENT_ID.SCALAR) {
      const isPlain = node.style === SCALAR_STYLE.PLAIN;
      onScalar({ path, text: getScalarValue(text, node), isPlain });
    }
  };
  const walkMembers = (path: DocumentPath): void => {
    for (let key = next(); key?.type === EVENT_ID.SCALAR; key = next()) {
      const member = [...path, getScalarValue(text, key)];
      offsets.set(keyOf(member), key.valueStart);
      walk(next(), member);
    }
  };
  const walkItems = (path: DocumentPath): void => {
    for (let [item, index] = [next(), 0]; item && item.type !== EVENT_ID.POP; item = next(), index += 1) {
      offsets.set(keyOf([...path, index]), offsetOf(item));
      walk(item, [...path, index]);
    }
  };
  const next = (): Event | undefined => cursor.next().value;

  next();
  walk(next(), []);
  return offsets;
}

/** Return the offset of a node. If the node is missing, return the offset of its closest ancestor. */
export function findOffset(offsets: NodeOffsets, path: DocumentPath): number {
  for (let length = path.length; length > 0; length -= 1) {
    const offset = offsets.get(keyOf(path.slice(0, length)));
    if (offset !== undefined && offset >= 0) return offset;
  }
  return 0;
}

/** Create a function that converts an offset to a position. The lines of the text are indexed once. */
export function createLocator(text: string): (offset: number) => Position {
  const starts = [0];
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) starts.push(end + 1);
  return (offset) => {
    let [line, after] = [0, starts.length];
    while (after - line > 1) {
      const middle = (line + after) >> 1;
      if ((starts[middle] ?? 0) <= offset) line = middle;
      else after = middle;
    }
    return { line: line + 1, column: offset - (starts[line] ?? 0) + 1 };
  };
}

function keyOf(path: DocumentPath): string {
  return JSON.stringify(path);
}

function offsetOf(node: Event): number {
  if (node.type === EVENT_ID.SCALAR) return node.valueStart;
  return node.type === EVENT_ID.MAPPING || node.type === EVENT_ID.SEQUENCE ? node.start : -1;
}
