/** Changes a token in compact serialization, without any key. `other` is a second token under the same key. */
export type TextMutation = (token: string, other: string, random: () => number) => string;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const CHARACTERS = [...ALPHABET, '.', '=', '+', '/', ' ', '\n', '\u0000', 'é'];

/** Other spellings of a segment, more or less leniently the same bytes. */
const SPELLINGS: readonly ((segment: string) => string)[] = [
  (segment) => `${segment}=`,
  (segment) => `${segment}==`,
  (segment) => ` ${segment}`,
  (segment) => `${segment}\n`,
  (segment) => segment.replaceAll('-', '+').replaceAll('_', '/'),
  (segment) => segment.slice(0, -1) + nextCharacter(segment.at(-1)),
  (segment) => `${segment}A`,
  (segment) => `${segment}AAAA`,
  (segment) => `AAAA${segment}`,
  (segment) => segment.slice(0, -4),
  (segment) => segment.slice(4),
  (segment) => segment.toLowerCase(),
  () => '',
];

export const TEXT_MUTATIONS: Readonly<Record<string, TextMutation>> = {
  'a character replaced': (token, _other, random) => {
    const at = below(token.length, random);
    return token.slice(0, at) + pickOne(CHARACTERS, random) + token.slice(at + 1);
  },
  'a character inserted': (token, _other, random) => {
    const at = below(token.length + 1, random);
    return token.slice(0, at) + pickOne(CHARACTERS, random) + token.slice(at);
  },
  'characters removed': (token, _other, random) => {
    const at = below(token.length, random);
    return token.slice(0, at) + token.slice(at + 1 + below(5, random));
  },
  'a bit of a segment flipped': (token, _other, random) => flipBit(token, random),
  'several bits of a segment flipped': (token, _other, random) =>
    Array.from({ length: 1 + below(4, random) }).reduce<string>((each) => flipBit(each, random), token),
  'bytes of a segment cut, added or zeroed': (token, _other, random) =>
    withBytes(token, random, (bytes) => {
      const at = below(bytes.length + 1, random);
      if (random() < 0.3) return bytes.subarray(0, at);
      if (random() < 0.5) return Buffer.concat([bytes, Buffer.alloc(1 + below(40, random))]);
      return Buffer.from(bytes).fill(0, at, Math.min(bytes.length, at + 1 + below(32, random)));
    }),
  'a segment respelled': (token, _other, random) => withSegment(token, random, pickOne(SPELLINGS, random)),
  'segments rearranged': (token, _other, random) => {
    const segments = token.split('.');
    const [moved = ''] = segments.splice(below(segments.length, random), 1);
    if (random() < 0.7) segments.splice(below(segments.length + 1, random), 0, moved);
    return segments.join('.');
  },
  'a segment of another token': (token, other, random) => {
    const [segments, others] = [token.split('.'), other.split('.')];
    const at = below(segments.length, random);
    return segments.map((each, index) => (index === at ? (others[at] ?? '') : each)).join('.');
  },
  'the end of another token': (token, other, random) =>
    token.slice(0, below(token.length, random)) + other.slice(below(other.length, random)),
};

function flipBit(token: string, random: () => number): string {
  return withBytes(token, random, (bytes) => {
    const at = below(bytes.length, random);
    const copy = Buffer.from(bytes);
    copy[at] = (copy[at] ?? 0) ^ (1 << below(8, random));
    return copy;
  });
}

function withBytes(token: string, random: () => number, change: (bytes: Buffer) => Buffer): string {
  return withSegment(token, random, (segment) =>
    change(Buffer.from(segment, 'base64url')).toString('base64url'),
  );
}

function withSegment(token: string, random: () => number, change: (segment: string) => string): string {
  const segments = token.split('.');
  const at = below(segments.length, random);
  return segments.map((each, index) => (index === at ? change(each) : each)).join('.');
}

/** Differs in the lowest bit of its six, which the last character of most segments has to spare. */
function nextCharacter(character = 'A'): string {
  return ALPHABET[ALPHABET.indexOf(character) ^ 1] ?? 'A';
}

export function below(limit: number, random: () => number): number {
  return Math.floor(random() * limit);
}

export function pickOne<Item>(items: readonly Item[], random: () => number): Item {
  const item = items[below(items.length, random)];
  if (item === undefined) throw new Error('Nothing to pick from');
  return item;
}
