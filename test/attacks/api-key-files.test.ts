import { describe, expect, test } from '@jest/globals';
import { faultsOf, loadFile, loadFiles, MINIMAL_FILE, problemsOf } from '../support/api-key-files.js';

const ANCHORS = ': anchors and aliases are not allowed: repeat the value';
const TAGS = ': tags are not allowed: remove the tag';
const CANARY = 'canary-8c1f0c7e5a';

// CWE-776, the billion laughs of XML (CVE-2003-1564), in YAML: CVE-2019-11253 (Kubernetes), CVE-2022-3171.
describe('a bomb of aliases', () => {
  test('of ten levels with ten references each', async () => {
    const levels = Array.from({ length: 10 }, (_, level) => {
      const item = level === 0 ? 'lol' : `*a${level - 1}`;
      return `a${level}: &a${level} [${Array.from({ length: 10 }, () => item).join(', ')}]`;
    });
    expect(await faultsOf(`${levels.join('\n')}\n`)).toEqual([ANCHORS]);
  });

  test.each([
    ['that refers to itself', 'metadata: &a { a: *a }\n'],
    ['that refers to itself in a list', 'permissions: &a [*a]\n'],
    ['as the name of a member', 'metadata: { &a x: y, *a : z }\n'],
    ['that has no anchor', 'permissions: *nobody\n'],
    ['of an anchor that nothing refers to', 'permissions: &a [read]\n'],
  ])('%s', async (_what, line) => {
    expect(await faultsOf(MINIMAL_FILE + line)).toEqual([ANCHORS]);
  });

  test('of nesting: 20 000 lists, mappings or blocks', async () => {
    const deep = [
      '['.repeat(20_000),
      '{a: '.repeat(15_000),
      Array.from({ length: 300 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
      '- '.repeat(20_000),
      '? '.repeat(20_000),
    ];
    for (const text of deep) {
      expect(await faultsOf(text)).toEqual([expect.stringContaining('nesting exceeded maxDepth')]);
    }
  });

  test('of one value of 64 KiB, or of as many members', async () => {
    expect(await faultsOf(MINIMAL_FILE.replace('Minimal', 'x'.repeat(60_000)))).toEqual([
      'name: must have at most 128 characters',
    ]);
    const members = Array.from({ length: 9000 }, (_, index) => `x${index}: 1`).join('\n');
    expect((await faultsOf(`${MINIMAL_FILE}${members}\n`)).length).toBeGreaterThan(0);
  });
});

// js-yaml before 4, CVE-2013-4660: `!!js/function` ran code; SnakeYAML, CVE-2022-1471: tags made objects.
describe('a tag', () => {
  test.each([
    '!!js/function "function () { globalThis.owned = true }"',
    '!!js/regexp /(a+)+$/',
    '!!js/undefined ""',
    '!<tag:yaml.org,2002:js/function> "function () {}"',
    '!!python/object/apply:os.system ["id"]',
    '!ruby/object:Gem::Installer { i: x }',
    '!!javax.script.ScriptEngineManager [x]',
    '!!binary "aGVsbG8="',
    '!!timestamp 2030-01-01',
    '!!merge "<<"',
    '!!set { a, b }',
    '!!str text',
    '! text',
  ])('makes nothing: %s', async (value) => {
    expect(await faultsOf(`${MINIMAL_FILE}metadata: { x: ${value} }\n`)).toEqual([TAGS]);
    expect(Reflect.get(globalThis, 'owned')).toBeUndefined();
  });

  test('with its own handle', async () => {
    expect(await faultsOf('%TAG !e! tag:yaml.org,2002:\n---\napi_key: !e!str k\n')).toEqual([TAGS]);
  });
});

describe('a merge key', () => {
  test('merges nothing: it is an unknown field: correct the spelling, or remove it', async () => {
    expect(await faultsOf(`${MINIMAL_FILE}<<: { active: "false" }\n`)).toEqual([
      expect.stringContaining('is an unknown field: correct the spelling, or remove it'),
    ]);
    const { metadata } = await loadFile(`${MINIMAL_FILE}metadata: { "<<": { tier: gold }, tier: free }\n`);
    expect(metadata).toEqual({ '<<': { tier: 'gold' }, tier: 'free' });
  });
});

// CWE-1321; CVE-2019-10744 (lodash) among many.
describe('a name with a meaning in JavaScript', () => {
  test.each([
    ['__proto__: { active: "true" }\n', '__proto__: is an unknown field: correct the spelling, or remove it'],
    [
      'constructor: { prototype: { admin: yes } }\n',
      'constructor: is an unknown field: correct the spelling, or remove it',
    ],
    [
      'metadata: { __proto__: { admin: yes } }\n',
      'metadata.__proto__: is not an allowed name: rename the field',
    ],
    [
      'metadata: { a: [{ "__proto__": x }] }\n',
      'metadata.a[0].__proto__: is not an allowed name: rename the field',
    ],
  ])('is not a field: %j', async (line, fault) => {
    expect(await faultsOf(MINIMAL_FILE + line)).toEqual([fault]);
    expect('admin' in {}).toBe(false);
  });

  test.each(['constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty'])(
    'is a member of the metadata like any other: %s',
    async (name) => {
      const { metadata } = await loadFile(`${MINIMAL_FILE}metadata: { ${name}: x }\n`);
      expect(Object.entries(metadata)).toEqual([[name, 'x']]);
    },
  );

  test.each(['constructor', '__proto__', 'toString'])(
    'is a key_id that finds its own key alone: %s',
    async (keyId) => {
      const registry = await loadFiles({ 'a.yaml': MINIMAL_FILE });
      expect(registry.get(keyId)).toBeUndefined();
      const named = await loadFiles({ 'a.yaml': `${MINIMAL_FILE}key_id: ${keyId}\n` });
      expect(named.get(keyId)).toMatchObject({ keyId, name: 'Minimal' });
      expect(Object.getPrototypeOf({})).toBe(Object.prototype);
    },
  );
});

describe('a fault quotes no value of the file', () => {
  test.each([
    `api_key: ${CANARY}\napi_key: ${CANARY}\n`,
    `api_key: &${CANARY} ${CANARY}\n`,
    `api_key: !${CANARY} ${CANARY}\n`,
    `api_key: *${CANARY}\n`,
    `api_key: !${CANARY}!x y\n`,
    `api_key: !<${CANARY}^> x\n`,
    `%TAG !${CANARY}! a\n%TAG !${CANARY}! b\n---\na: b\n`,
    `api_key: "${CANARY}\n`,
    `api_key: [${CANARY}\n`,
    `api_key: { ${CANARY}: ${CANARY} }\n`,
    `api_key: |${CANARY}\n`,
    `api_key: ${CANARY}: ${CANARY}\n`,
    `api_key: "\\x${CANARY}"\n`,
    `%YAML ${CANARY}\n---\na: b\n`,
    `%TAG ${CANARY}\n---\na: b\n`,
    `--- ${CANARY}\n`,
    `${MINIMAL_FILE}token_ttl: ${CANARY}\n`,
    `${MINIMAL_FILE}expires_at: ${CANARY}\n`,
    `${MINIMAL_FILE.replace('api_call', CANARY)}`,
    `${MINIMAL_FILE.replace('k-minimal', `sha256:${CANARY}`)}`,
  ])('%j', async (content) => {
    const problems = await problemsOf({ 'a.yaml': content });
    expect(problems.length).toBeGreaterThan(0);
    for (const { message } of problems) expect(message).not.toContain(CANARY);
  });
});
