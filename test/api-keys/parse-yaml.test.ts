import { describe, expect, test } from '@jest/globals';
import { parseYaml, type YamlFault } from '../../src/api-keys/parse-yaml.js';

function parse(text: string) {
  const result = parseYaml(text);
  if (!result.ok) throw new Error(result.fault.message);
  return result;
}

function faultOf(text: string): YamlFault {
  const result = parseYaml(text);
  if (result.ok) throw new Error('The text was accepted');
  return result.fault;
}

describe('scalars', () => {
  test.each(['1', '0x1F', '1e400', 'true', 'yes', 'null', '~', '2030-01-01', '.inf', '<<'])(
    '%s is text',
    (scalar) => {
      expect(parse(`a: ${scalar}`).document).toEqual({ a: scalar });
    },
  );

  test.each([
    ['a:', { a: '' }],
    ['a: "b"', { a: 'b' }],
    ["a: 'it''s'", { a: "it's" }],
    ['a: |\n  x\n  y\n', { a: 'x\ny\n' }],
    ['a: [b, {c: d}]', { a: ['b', { c: 'd' }] }],
    ['\ufeffa: b', { a: 'b' }],
    ['a: b\r\nc: d\r\n', { a: 'b', c: 'd' }],
    ['---\na: b\n...\n', { a: 'b' }],
    ['# comment\na: b # comment', { a: 'b' }],
  ])('%j is read', (text, document) => {
    expect(parse(text).document).toEqual(document);
  });

  test('a merge key is a name like any other', () => {
    expect(parse('<<: {a: b}').document).toEqual({ '<<': { a: 'b' } });
  });

  test('__proto__ is a name like any other, and changes no prototype', () => {
    const { document } = parse('__proto__: {admin: yes}');
    expect(Object.entries(Object(document))).toEqual([['__proto__', { admin: 'yes' }]]);
    expect(Object.getPrototypeOf(document)).toBe(Object.prototype);
  });
});

describe('scalars below metadata', () => {
  test.each([
    ['5', 5],
    ['-5', -5],
    ['0', 0],
    ['0x1F', 31],
    ['1.5', 1.5],
    ['1e3', 1000],
    ['true', true],
    ['FALSE', false],
    ['null', null],
    ['~', null],
    ['', null],
    ['gold', 'gold'],
    ['yes', 'yes'],
    ['off', 'off'],
    ['2030-01-01', '2030-01-01'],
    ['1e400', '1e400'],
    ['"5"', '5'],
    ["'false'", 'false'],
    ['"null"', 'null'],
    ['""', ''],
    ['|-\n    5', '5'],
  ])('%j is %j', (scalar, value) => {
    expect(parse(`metadata:\n  a: ${scalar}`)).toMatchObject({
      document: { metadata: { a: value } },
      faults: [],
    });
  });

  test('have their types at every depth, and names stay strings', () => {
    const { document } = parse('metadata: {a: [1, {b: true}, "1"], 5: x, true: y, null: z}');
    expect(document).toEqual({ metadata: { a: [1, { b: true }, '1'], 5: 'x', true: 'y', null: 'z' } });
  });

  test('remain strings elsewhere', () => {
    expect(parse('a: 5\nb: {metadata: 5}\nmetadata: {c: 5}').document).toEqual({
      a: '5',
      b: { metadata: '5' },
      metadata: { c: 5 },
    });
  });

  test('change no prototype', () => {
    const { document } = parse('metadata: {__proto__: true, a: {__proto__: 5}}');
    expect(JSON.stringify(document)).toBe('{"metadata":{"__proto__":true,"a":{"__proto__":5}}}');
  });

  test.each(['007', '00123', '-01', '12345678901234567890', '.inf', '-.inf', '.nan', '1e21'])(
    '%s is a fault, since as a number it would not be what is written',
    (scalar) => {
      expect(parse(`metadata: {a: ${scalar}}`).faults).toEqual([
        {
          path: ['metadata', 'a'],
          message: 'must be quoted, because a JSON number would lose digits: write it as a string',
        },
      ]);
      expect(parse(`metadata: {a: "${scalar}"}`).faults).toEqual([]);
    },
  );

  test.each([
    ['metadata: {a: !!int 5}', 'tags are not allowed: remove the tag'],
    ['metadata: {a: &x 5}', 'anchors and aliases are not allowed: repeat the value'],
    ['metadata: {a: &x [5], b: [*x, *x]}', 'anchors and aliases are not allowed: repeat the value'],
    ['metadata: {<<: *x}', 'anchors and aliases are not allowed: repeat the value'],
  ])('have no features that are rejected elsewhere: %s', (text, message) => {
    expect(faultOf(text).message).toBe(message);
  });
});

describe('rejected values', () => {
  test.each([
    ['a: !!str b', 'tags are not allowed: remove the tag'],
    ['a: !custom b', 'tags are not allowed: remove the tag'],
    ['a: !!js/function "x"', 'tags are not allowed: remove the tag'],
    ['--- !!map\na: b', 'tags are not allowed: remove the tag'],
    ['!!str a: b', 'tags are not allowed: remove the tag'],
    ['a: !!seq [b]', 'tags are not allowed: remove the tag'],
    ['a: &x b', 'anchors and aliases are not allowed: repeat the value'],
    ['a: &x b\nc: *x', 'anchors and aliases are not allowed: repeat the value'],
    ['a: *x', 'anchors and aliases are not allowed: repeat the value'],
    ['a: &x [*x]', 'anchors and aliases are not allowed: repeat the value'],
    ['&x a: b', 'anchors and aliases are not allowed: repeat the value'],
    ['a: &x {b: c}', 'anchors and aliases are not allowed: repeat the value'],
    ['', 'must contain exactly one YAML document: use a separate file for each API key'],
    ['# only a comment', 'must contain exactly one YAML document: use a separate file for each API key'],
    ['a: b\n---\nc: d', 'must contain exactly one YAML document: use a separate file for each API key'],
    ['---\n---\n', 'must contain exactly one YAML document: use a separate file for each API key'],
  ])('%j', (text, message) => {
    expect(faultOf(text).message).toBe(message);
  });

  test.each(['a: b\na: c', 'a: b\n"a": c', 'x: {a: b, a: c}', '__proto__: a\n__proto__: b'])(
    'a name that is given twice: %j',
    (text) => {
      expect(faultOf(text).message).toBe('is not valid YAML: duplicated mapping key');
    },
  );

  test('a bomb of aliases, without unfolding it', () => {
    const levels = Array.from({ length: 30 }, (_, level) => {
      const items = level === 0 ? 'x, x' : `*l${level - 1}, *l${level - 1}, *l${level - 1}`;
      return `l${level}: &l${level} [${items}]`;
    });
    expect(faultOf(levels.join('\n')).message).toBe('anchors and aliases are not allowed: repeat the value');
  });

  test.each([
    ['a list', '['.repeat(20_000)],
    ['a mapping', '{a: '.repeat(20_000)],
    ['a block', Array.from({ length: 200 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ])('%s that nests deeper than 12 levels', (_, text) => {
    expect(faultOf(text).message).toBe('is not valid YAML: nesting exceeded maxDepth (12)');
  });

  test.each([
    'a: [b',
    'a: "b',
    'a: b: c',
    'a:\n\t- b',
    '- a\nb: c',
    'a: \u0007',
    '? [a]\n: b',
    '%YAML 9.9\n---\na: b',
  ])('%j, which is no YAML of a configuration', (text) => {
    expect(faultOf(text).message).toMatch(/^is not valid YAML: /);
  });
});

describe('positions', () => {
  const TEXT = [
    'a: 1',
    'list:',
    '  - x',
    '  - name: y',
    '    "quoted": z',
    'flow: {b: 1, c: [2, 3]}',
    '',
  ].join('\n');

  test.each([
    [['a'], 1, 1],
    [['list'], 2, 1],
    [['list', 0], 3, 5],
    [['list', 1, 'name'], 4, 5],
    [['flow', 'c'], 6, 14],
    [['flow', 'c', 1], 6, 21],
  ])('of %j are %d:%d', (path, line, column) => {
    expect(parse(TEXT).positionOf(path)).toEqual({ line, column });
  });

  test.each([
    [['missing'], 1, 1],
    [['flow', 'missing'], 6, 1],
    [['list', 1, 'missing'], 4, 5],
    [[], 1, 1],
  ])('of %j, which is missing, are those of its closest ancestor: %d:%d', (path, line, column) => {
    expect(parse(TEXT).positionOf(path)).toEqual({ line, column });
  });

  test.each([
    ['a: 1\nb: 2\na: 3', 3, 1],
    ['a: 1\nb: [2', 2, 6],
    ['a: 1\nb: &x 2', 2, 5],
    ['a: 1\nb: !x 2', 2, 4],
  ])('of the fault in %j are %d:%d', (text, line, column) => {
    expect(faultOf(text).position).toEqual({ line, column });
  });

  test('do not count a byte order mark', () => {
    expect(parse('\ufeffa: 1').positionOf(['a'])).toEqual({ line: 1, column: 1 });
  });
});
