import { describe, expect, test } from '@jest/globals';
import { checkConsistency } from '../../src/api-keys/check-consistency.js';

const ECHO = { name: 'm', endpoint: 'echo:' };

describe('checkConsistency', () => {
  test.each([
    [{}],
    ['text'],
    [['a']],
    [{ models: [ECHO, { ...ECHO, name: 'n' }] }],
    [{ models: [{ name: 'm', endpoint: 'https://example.com', api_key: 'k' }] }],
    [{ models: [{ name: 'm', endpoint: 'https://example.com', headers: { a: 'k' } }] }],
    [{ models: [{ name: 'm', endpoints: [{ endpoint: 'echo:' }] }] }],
    [{ scope_ttl: { read: '60' }, permissions: ['read'] }],
    [{ metadata: { tier: 'gold' }, metadata_claims: ['tier'] }],
    [{ metadata: { tier: 'gold' }, metadata_claims: [] }],
    [{ type: 'function_call', functions: ['add'] }],
    [{ type: 'api_call', endpoints: ['GET /'] }],
    [{ models: 'text', scope_ttl: 'text', permissions: 'text', metadata: 'text' }],
    [{ models: ['text'] }],
  ])('finds no fault in %j', (document) => {
    expect(checkConsistency(document)).toEqual([]);
  });

  test.each([
    [{ models: [ECHO, ECHO] }, ['models', 1, 'name'], 'must be unique: two models have this name'],
    [
      { models: [{ name: 'm', endpoint: 'https://example.com' }] },
      ['models', 0, 'api_key'],
      'is required unless endpoint is echo: or headers is set',
    ],
    [{ models: [{ name: 'm' }] }, ['models', 0, 'endpoint'], 'is required unless endpoints is set'],
    [
      { models: [{ name: 'm', endpoints: [{ endpoint: 'echo:' }], api_key: 'k' }] },
      ['models', 0, 'api_key'],
      'is not allowed with endpoints: move it to the entries of endpoints',
    ],
    [
      { models: [{ name: 'm', endpoints: [{ endpoint: 'echo:' }, { endpoint: 'https://example.com' }] }] },
      ['models', 0, 'endpoints', 1, 'api_key'],
      'is required unless endpoint is echo: or headers is set',
    ],
    [
      { scope_ttl: { write: '60' }, permissions: ['read'] },
      ['scope_ttl', 'write'],
      'must be a scope in permissions: add the scope there, or remove it here',
    ],
    [
      { scope_ttl: { write: '60' } },
      ['scope_ttl', 'write'],
      'must be a scope in permissions: add the scope there, or remove it here',
    ],
    [
      { metadata: { tier: 'gold' }, metadata_claims: ['tier', 'plan'] },
      ['metadata_claims', 1],
      'must be the name of a field in metadata: add the field there, or remove the name here',
    ],
    [
      { metadata_claims: ['plan'] },
      ['metadata_claims', 0],
      'must be the name of a field in metadata: add the field there, or remove the name here',
    ],
    [
      { metadata: {}, metadata_claims: ['toString'] },
      ['metadata_claims', 0],
      'must be the name of a field in metadata: add the field there, or remove the name here',
    ],
    [
      { type: 'api_call', functions: [] },
      ['functions'],
      'is only allowed for type function_call: remove the field, or change the type',
    ],
    [
      { type: 'tiered_model_exec', endpoints: [] },
      ['endpoints'],
      'is only allowed for type api_call: remove the field, or change the type',
    ],
  ])('finds the fault in %j', (document, path, message) => {
    expect(checkConsistency(document)).toEqual([{ path, message }]);
  });

  test.each([
    ['{"metadata":{"__proto__":{}}}', ['metadata', '__proto__']],
    ['{"metadata":{"a":[{"b":{"__proto__":"x"}}]}}', ['metadata', 'a', 0, 'b', '__proto__']],
  ])('rejects __proto__ in %s', (json, path) => {
    expect(checkConsistency(JSON.parse(json))).toEqual([
      { path, message: 'is not an allowed name: rename the field' },
    ]);
  });
});
