import type { JsonValue } from 'passport-jwe';
import { type JsonMember, listMembers, skipSpace } from './scan-json.js';

/** Change to a member of an object. */
export type JsonChange =
  | { readonly kind: 'set'; readonly value: JsonValue }
  | { readonly kind: 'remove' }
  /** Changes members of the value. A value that is not an object is replaced with a new object. */
  | { readonly kind: 'within'; readonly changes: JsonChanges };

/** Changes by the name of the member. */
export type JsonChanges = ReadonlyMap<string, JsonChange>;

const OPEN_BRACE = 0x7b;

/**
 * Changes members of an object in JSON bytes, and keeps all other bytes: white space, key order, escapes and numbers
 * beyond 2^53. New members follow the existing ones. Without changes, it returns the same buffer.
 *
 * @param bytes valid JSON in UTF-8: an object whose changed members occur at most once.
 *
 * @example
 * editJson(Buffer.from('{ "a": 1 }'), new Map([['a', { kind: 'set', value: 2 }]])); // { "a": 2 }
 */
export function editJson(bytes: Buffer, changes: JsonChanges): Buffer {
  return changes.size === 0 ? bytes : Buffer.concat(editParts(bytes, changes));
}

/** Returns the parts of the result of `editJson()`. Members that do not change are not copied. */
export function editParts(bytes: Buffer, changes: JsonChanges): readonly Uint8Array[] {
  if (changes.size === 0) return [bytes];
  const open = bytes.indexOf(OPEN_BRACE);
  const members = listMembers(bytes, open);
  const close = members.at(-1)?.end ?? skipSpace(bytes, open + 1);
  return [bytes.subarray(0, open), ...editObject(bytes, members, changes), bytes.subarray(close + 1)];
}

function editObject(
  bytes: Buffer,
  members: readonly JsonMember[],
  changes: JsonChanges,
): readonly Uint8Array[] {
  const kept = members.flatMap((member) => editMember(bytes, member, changes.get(member.name)));
  const names = new Set(members.map(({ name }) => name));
  const added = [...changes].flatMap(([name, change]) => (names.has(name) ? [] : addMember(name, change)));
  const parts = [...kept, ...added].flatMap((part, index) => (index === 0 ? [part] : [COMMA, part]));
  return [Buffer.from('{'), ...parts, Buffer.from('}')];
}

const COMMA = Buffer.from(',');

function editMember(bytes: Buffer, member: JsonMember, change: JsonChange | undefined): readonly Buffer[] {
  const { start, valueStart, valueEnd, end } = member;
  if (change === undefined) return [bytes.subarray(start, end)];
  if (change.kind === 'remove') return [];
  const value =
    change.kind === 'within' && bytes[valueStart] === OPEN_BRACE
      ? editJson(bytes.subarray(valueStart, valueEnd), change.changes)
      : Buffer.from(JSON.stringify(newValue(change)));
  return [Buffer.concat([bytes.subarray(start, valueStart), value, bytes.subarray(valueEnd, end)])];
}

function addMember(name: string, change: JsonChange): readonly Buffer[] {
  if (change.kind === 'remove') return [];
  return [Buffer.from(`${JSON.stringify(name)}:${JSON.stringify(newValue(change))}`)];
}

function newValue(change: Exclude<JsonChange, { kind: 'remove' }>): JsonValue {
  if (change.kind === 'set') return change.value;
  const members = [...change.changes].flatMap(([name, inner]) =>
    inner.kind === 'remove' ? [] : [[name, newValue(inner)]],
  );
  return Object.fromEntries(members);
}
