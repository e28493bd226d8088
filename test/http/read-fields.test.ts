import { describe, expect, test } from '@jest/globals';
import express from 'express';
import fc from 'fast-check';
import { createBearerReader } from '../../src/http/extract-bearer-token.js';
import { type FieldSource, readFields } from '../../src/http/read-fields.js';
import { sendRaw } from '../support/http.js';

const NAME = 'authorization';

/** Reads from a request that carries `raw`, and whose headers are changed to `seen`. */
function read(raw: readonly string[], seen: unknown, name = NAME): readonly string[] {
  return readFields({ headers: { [name]: seen }, rawHeaders: raw.flatMap((value) => [name, value]) }, name);
}

/** Reads from a request that a Node.js server has received with these header lines. */
async function receive(lines: readonly string[], name: string): Promise<readonly string[]> {
  const app = express().use((req, res) => void res.json(readFields(req, name)));
  return JSON.parse((await sendRaw(app, ['GET / HTTP/1.1', ...lines])).body);
}

describe('a request of a Node.js server', () => {
  test.each([
    [['Authorization: a'], NAME, ['a']],
    [['AUTHORIZATION: a', 'authorization: b'], NAME, ['a', 'b']],
    [['Authorization:', 'Authorization: b'], NAME, ['', 'b']],
    [['X-API-Key: a', 'x-api-key: b'], 'x-api-key', ['a', 'b']],
    [['Cookie: a=1', 'Cookie: b=2'], 'cookie', ['a=1', 'b=2']],
    [['Authorizations: a'], NAME, []],
  ])('with %j has all fields', async (lines, name, values) => {
    expect(await receive(lines, name)).toEqual(values);
  });
});

describe('the headers of the application win', () => {
  test('if middleware has set a value', () => {
    expect(read([], 'b')).toEqual(['b']);
    expect(read(['a'], 'b')).toEqual(['b']);
    expect(read(['a', 'b'], 'c')).toEqual(['c']);
  });

  test.each([undefined, null])('if middleware has deleted the value: %j', (deleted) => {
    expect(read(['a'], deleted)).toEqual([]);
    expect(readFields({ headers: {}, rawHeaders: ['Authorization', 'a'] }, NAME)).toEqual([]);
  });

  test('if the request has no raw headers', () => {
    expect(readFields({ headers: { authorization: 'a' } }, NAME)).toEqual(['a']);
    expect(readFields({ headers: { authorization: 'a' }, rawHeaders: [] }, NAME)).toEqual(['a']);
    expect(readFields({ headers: {} }, NAME)).toEqual([]);
  });

  test('with a name in any case, as mocks spell it', () => {
    expect(readFields({ headers: { Authorization: 'a' } }, NAME)).toEqual(['a']);
    expect(readFields({ headers: { Authorization: 'a', AUTHORIZATION: 'b' } }, NAME)).toEqual(['a', 'b']);
  });

  test('and values that are not strings are ignored', () => {
    expect(read(['a'], 1)).toEqual([]);
    expect(read(['a'], ['b', 1])).toEqual(['b']);
  });
});

describe('all received fields are returned', () => {
  test.each([
    ['the first', 'a'],
    ['the last', 'b'],
    ['both, joined by a comma', 'a, b'],
    ['both, joined by a semicolon', 'a; b'],
    ['an array with one of them', ['b']],
  ])('if the application sees %s', (_what, seen) => {
    expect(read(['a', 'b'], seen)).toEqual(['a', 'b']);
  });

  test('if only headersDistinct lists them', () => {
    const source = { headers: { authorization: 'a' }, headersDistinct: { authorization: ['a', 'b'] } };
    expect(readFields(source, NAME)).toEqual(['a', 'b']);
  });
});

describe('Authorization with joined credentials', () => {
  test.each(['Bearer a, Bearer b', 'Basic YTpi,Bearer b', 'Digest a="x, y z", Bearer b'])(
    '%j is several',
    (value) => {
      expect(read([], value)).toHaveLength(2);
    },
  );

  test.each([
    'Digest username="x", realm="a, b c", qop=auth, nc=1',
    'AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host;range, Signature=c',
    'Bearer a,b',
    'Bearer a, ',
  ])('%j is one', (value) => {
    expect(read([], value)).toEqual([value]);
  });
});

describe('for every combination of raw, distinct and application headers', () => {
  const token = fc.constantFrom('a', 'b', 'c');
  const fields = fc.array(
    token.map((each) => `Bearer ${each}`),
    { maxLength: 3 },
  );
  const source = fc.record({
    raw: fields,
    distinct: fc.option(fields),
    set: fields,
    separator: fc.constantFrom(', ', ',', '; '),
  });
  const shape = fc.constantFrom(
    'deleted',
    'first',
    'last',
    'array',
    'joined',
    'own',
    'own array',
    'any case',
  );

  const view = (
    kind: string,
    received: readonly string[],
    own: readonly string[],
    separator: string,
  ): object => {
    if (kind === 'first') return { [NAME]: received[0] };
    if (kind === 'last') return { [NAME]: received.at(-1) };
    if (kind === 'array') return { [NAME]: received };
    if (kind === 'joined') return received.length === 0 ? {} : { [NAME]: received.join(separator) };
    if (kind === 'own') return { [NAME]: own[0] };
    if (kind === 'own array') return { [NAME]: own };
    return kind === 'any case' ? { Authorization: own[0] } : {};
  };

  const accepted = (req: FieldSource): string | undefined => {
    try {
      return createBearerReader(['Bearer'])(req);
    } catch {
      return undefined;
    }
  };

  test('at most one token passes: the one that the application sees, and only without a rival', () => {
    fc.assert(
      fc.property(source, shape, ({ raw, distinct, set, separator }, kind) => {
        const received = raw.length > 0 ? raw : (distinct ?? []);
        const headers = { ...view(kind, received, set, separator) };
        const rawHeaders = raw.flatMap((value) => ['Authorization', value]);
        const req = { headers, rawHeaders, headersDistinct: { [NAME]: distinct ?? undefined } };
        const found = accepted(req);
        const seen = Object.values<unknown>(headers)
          .flat()
          .filter((each) => typeof each === 'string');

        const isRival =
          received.length > 1 &&
          seen.some((each) => received.join(separator) === each || received.includes(each));
        if (found !== undefined && /^[abc]$/.test(found)) expect(seen).toEqual([`Bearer ${found}`]);
        if (isRival && separator !== '; ') expect(found).toBeUndefined();
        if (kind === 'deleted') expect(found).toBeUndefined();
        if (kind === 'own' && set[0] !== undefined && !received.includes(set[0]))
          expect(`Bearer ${found}`).toBe(set[0]);
      }),
      { numRuns: 2000 },
    );
  });
});

test('reads an unclosed quote in time that is linear in its length', () => {
  const timeOf = (authorization: string): number => {
    const started = process.cpuUsage();
    for (let round = 0; round < 20; round += 1) readFields({ headers: { authorization } }, 'authorization');
    const { user, system } = process.cpuUsage(started);
    return user + system;
  };
  timeOf('Bearer ,"');

  expect(timeOf(`Bearer ,"${'\\"'.repeat(8000)}`)).toBeLessThan(
    20 * timeOf(`Bearer ,"${'a'.repeat(16_000)}`) + 20_000,
  );
});
