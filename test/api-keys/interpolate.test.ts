// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of variables in API-key files
import { describe, expect, test } from '@jest/globals';
import { interpolate } from '../../src/api-keys/interpolate.js';

const ENVIRONMENT = { KEY: 'value', OTHER_1: 'other', EMPTY: '', TRICK: '${KEY} $$' };

function resolveKey(text: string): unknown {
  const { document, faults } = interpolate({ api_key: text }, ENVIRONMENT);
  return faults.length > 0 ? faults.map(({ message }) => message) : Object(document).api_key;
}

const MALFORMED = ['contains a malformed variable: write ${VARIABLE}, or $$ for a dollar sign'];
const REACHES_TOKENS = 'must not contain a variable, because tokens include this field: remove the variable';

describe('a variable', () => {
  test.each([
    ['${KEY}', 'value'],
    ['a-${KEY}-${OTHER_1}-z', 'a-value-other-z'],
    ['${KEY:-default}', 'value'],
    ['${UNSET:-default}', 'default'],
    ['${EMPTY:-default}', 'default'],
    ['${UNSET:-}', ''],
    ['${UNSET:-a:-b c}', 'a:-b c'],
    ['${TRICK}', '${KEY} $$'],
  ])('in %j gives %j', (text, resolved) => {
    expect(resolveKey(text)).toBe(resolved);
  });

  test.each([
    ['$$', '$'],
    ['$$$$', '$$'],
    ['$${KEY}', '${KEY}'],
    ['$$${KEY}', '$value'],
    ['$', '$'],
    ['$KEY', '$KEY'],
    ['a$', 'a$'],
    ['{KEY}', '{KEY}'],
  ])('does not include the dollar signs in %j, which become %j', (text, resolved) => {
    expect(resolveKey(text)).toBe(resolved);
  });

  test.each([
    '${',
    '${}',
    '${KEY',
    '${1KEY}',
    '${KEY-default}',
    '${KEY:default}',
    '${KEY KEY}',
    '${ KEY }',
    '${KEY:?x}',
  ])('is malformed in %j', (text) => {
    expect(resolveKey(text)).toEqual(MALFORMED);
  });

  test('does not nest', () => {
    expect(resolveKey('${UNSET:-${KEY}}')).toEqual(MALFORMED);
  });

  test.each(['UNSET', 'EMPTY'])('that is %s is a fault that names it', (name) => {
    expect(resolveKey(`\${${name}}`)).toEqual([
      `needs the environment variable ${name}, which is not set: set it to a value that is not blank`,
    ]);
  });

  const NOT_SHOWN =
    'needs an environment variable that is not set: set it, or correct its name (hidden, as it may be a secret)';

  test.each(['toString', 'constructor', '__proto__'])('named %s is not set by the prototype', (name) => {
    expect(resolveKey(`\${${name}}`)).toEqual([NOT_SHOWN]);
  });

  test('whose name could be the secret itself is not named', () => {
    expect(resolveKey('${sk_live_4eC39HqLyjWDarjtT1zdp7dc}')).toEqual([NOT_SHOWN]);
  });
});

describe('a variable whose value is blank', () => {
  test.each([' ', '\t', '\n', '  \n '])('as %j counts as unset', (KEY) => {
    const { document, faults } = interpolate({ api_key: '${KEY:-default}' }, { KEY });
    expect([document, faults]).toEqual([{ api_key: 'default' }, []]);
    expect(interpolate({ api_key: '${KEY}' }, { KEY }).faults).toHaveLength(1);
  });
});

describe('a default', () => {
  const PLACEHOLDER = 'contains a variable whose default is a placeholder: remove the default';

  test.each(['changeme', '<your-api-key>', '%API_KEY%', 'xxxx', 'os.environ/API_KEY', '__KEY__'])(
    'of a key that is the placeholder %s is a fault, though the variable is set',
    (fallback) => {
      for (const document of [
        { api_key: `\${KEY:-${fallback}}` },
        { previous_api_key: { api_key: `\${KEY:-${fallback}}` } },
        { models: [{ api_key: `\${KEY:-${fallback}}` }] },
      ]) {
        expect(interpolate(document, ENVIRONMENT).faults.map(({ message }) => message)).toEqual([
          PLACEHOLDER,
        ]);
      }
    },
  );

  test('of another field may be any text', () => {
    expect(interpolate({ active: '${UNSET:-true}' }, ENVIRONMENT).faults).toEqual([]);
  });
});

describe('a variable with quotes or white space around its value', () => {
  test.each(['"k"', "'k'", ' k', 'k '])('as %j is reported by its name, and kept as it is', (KEY) => {
    const { document, wrapped } = interpolate({ api_key: 'a${KEY}' }, { KEY });
    expect(document).toEqual({ api_key: `a${KEY}` });
    expect(wrapped).toEqual([{ path: ['api_key'], name: 'KEY' }]);
  });
});

describe('a scalar that is no string', () => {
  test.each([5, 0.5, true, false, null])('stays %j', (value) => {
    const document = { metadata: { value } };
    expect(interpolate(document, ENVIRONMENT).document).toEqual(document);
  });
});

describe('the document', () => {
  test('is copied, at every depth, and not changed', () => {
    const original = { models: [{ api_key: '${KEY}' }], audiences: ['a'] };
    const { document } = interpolate(original, ENVIRONMENT);
    expect(document).toEqual({ models: [{ api_key: 'value' }], audiences: ['a'] });
    expect(original.models[0]?.api_key).toBe('${KEY}');
  });

  test('keeps a member named __proto__ as a member', () => {
    const { document } = interpolate(JSON.parse('{"metadata":{"__proto__":"x"}}'), ENVIRONMENT);
    expect(JSON.stringify(document)).toBe('{"metadata":{"__proto__":"x"}}');
  });

  test.each([['text'], [''], [['a']], [{}]])('may be %j', (document) => {
    expect(interpolate(document, ENVIRONMENT)).toEqual({ document, faults: [], wrapped: [] });
  });

  test('reports every fault with its path', () => {
    const document = { api_key: '${UNSET}', models: [{ api_key: 'k' }, { api_key: '${ALSO_UNSET}${' }] };
    expect(interpolate(document, ENVIRONMENT).faults.map(({ path }) => path)).toEqual([
      ['api_key'],
      ['models', 1, 'api_key'],
      ['models', 1, 'api_key'],
    ]);
  });
});

describe('fields that stay on this side', () => {
  test.each([
    [{ api_key: '${KEY}' }],
    [{ active: '${KEY}' }],
    [{ expires_at: '${KEY}' }],
    [{ token_ttl: '${KEY}' }],
    [{ scope_ttl: { read: '${KEY}' } }],
    [{ users: '${KEY}' }],
    [{ models: [{ endpoint: '${KEY}', api_key: '${KEY}', max_tokens: '${KEY}', temperature: '${KEY}' }] }],
    [
      {
        models: [
          { provider_model: '${KEY}', headers: { a: '${KEY}' }, endpoints: [{ query: { a: '${KEY}' } }] },
        ],
      },
    ],
    [{ metadata: { note: '${KEY}' }, metadata_claims: [] }],
    [{ metadata: { note: { deep: ['${KEY}'] }, tier: 'gold' }, metadata_claims: ['tier'] }],
  ])('may hold variables: %j', (document) => {
    const resolved = JSON.parse(JSON.stringify(document).replaceAll('${KEY}', 'value'));
    expect(interpolate(document, ENVIRONMENT)).toEqual({ document: resolved, faults: [], wrapped: [] });
  });
});

describe('fields that reach tokens', () => {
  test.each([
    [{ key_id: '${KEY}' }],
    [{ name: '${KEY}' }],
    [{ name: '${UNSET:-default}' }],
    [{ type: '${KEY}' }],
    [{ audiences: ['${KEY}'] }],
    [{ permissions: ['${KEY}'] }],
    [{ rate_limits: { requests_per_minute: '${KEY}' } }],
    [{ models: [{ name: '${KEY}' }] }],
    [{ functions: ['${KEY}'] }],
    [{ endpoints: ['GET /${KEY}'] }],
    [{ metadata: { note: '${KEY}' } }],
    [{ metadata: { note: '${KEY}' }, metadata_claims: ['note'] }],
    [{ metadata: { note: { deep: ['${KEY}'] } }, metadata_claims: ['tier', 'note'] }],
    [{ metadata: { note: '${KEY}' }, metadata_claims: 'tier' }],
    [{ unknown: '${KEY}' }],
  ])('must not hold variables: %j', (document) => {
    const result = interpolate(document, ENVIRONMENT);
    expect(result.faults.map(({ message }) => message)).toEqual([REACHES_TOKENS]);
    expect(JSON.stringify(result)).not.toContain('value');
  });

  test('may hold dollar signs', () => {
    expect(interpolate({ name: 'Big $$' }, ENVIRONMENT)).toEqual({
      document: { name: 'Big $' },
      faults: [],
      wrapped: [],
    });
  });

  test.each([
    [
      'a variable',
      { metadata_claims: ['${NAME}'], metadata: { note: '${KEY}' } },
      { NAME: 'note', KEY: 'value' },
    ],
    ['a dollar sign', { metadata_claims: ['$$note'], metadata: { $note: '${KEY}' } }, { KEY: 'value' }],
  ])('are not reached by way of %s in metadata_claims', (_, document, environment) => {
    const { faults } = interpolate(document, environment);
    expect(faults.map(({ message }) => message)).toContain(REACHES_TOKENS);
  });
});
